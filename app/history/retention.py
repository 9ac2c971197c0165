"""Deletes old history after a configured number of days. Keeps what is live, and what something kept needs.

A wrong clock must not erase history. So due operations are first proposed, and deleted only once they are due by the
clock of another start days later, or of the same process after days by its monotonic clock.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.clock import Clock
from app.db import Database
from app.history.models import Operation, RetentionProposal

AGREES_AFTER = timedelta(days=2)
PROPOSED_EVERY = timedelta(hours=12)
FORGOTTEN_AFTER = timedelta(days=30)
# Few enough that a running operation's next step never waits long for its turn to write.
BATCH = 200
# Operations deleted in one run: a mistake is noticed before everything is deleted.
MOST_PER_RUN = 2_000


@dataclass(frozen=True)
class Retained:
    """The result of a run.

    Args:
        deleted: how many operations it deleted.
        due: how many are due once the clock is confirmed.
        before: operations that ended before this may be deleted by a confirmed clock; None if none may.
    """

    deleted: int = 0
    due: int = 0
    before: datetime | None = None


@dataclass
class Retention:
    """Retention of one process. `days`: how long history is kept; 0 keeps all of it."""

    db: Database
    clock: Clock
    days: int = 0
    process: str = field(default_factory=lambda: str(uuid.uuid4()))
    _proposals: dict[str, float] = field(default_factory=dict)

    def run(self, *, batch: int = BATCH) -> Retained:
        """Delete what is due and confirmed, and propose what is due now. Blocks."""
        if self.days <= 0:
            return Retained()
        now = self.clock.now()
        before = now - timedelta(days=self.days)
        confirmed = self._confirmed(now)
        self._propose(now, before)
        if confirmed is None:
            return Retained(due=self._count(before))
        limit, deleted = min(before, confirmed), 0
        while deleted < MOST_PER_RUN and (gone := self._delete_some(limit, batch)):
            deleted += gone
        return Retained(deleted, self._count(before), limit)

    def _confirmed(self, now: datetime) -> datetime | None:
        """Return the time up to which deletion was proposed days ago; None if there is no such proposal."""
        row = RetentionProposal
        old_enough = select(row).where(row.proposed_at <= now - AGREES_AFTER).order_by(row.proposed_at.desc())
        with self.db.read() as session:
            proposals = session.scalars(old_enough).all()
        return next((proposal.before for proposal in proposals if self._counts(proposal)), None)

    def _counts(self, proposal: RetentionProposal) -> bool:
        if proposal.process != self.process:
            return True
        made = self._proposals.get(proposal.id)
        return made is not None and self.clock.monotonic() - made >= AGREES_AFTER.total_seconds()

    def _propose(self, now: datetime, before: datetime) -> None:
        row = RetentionProposal
        lately = (row.process == self.process, row.proposed_at > now - PROPOSED_EVERY, row.proposed_at <= now)
        with self.db.write() as session:
            if session.scalar(select(func.count()).select_from(row).where(*lately)):
                return
            session.execute(delete(row).where(row.proposed_at < now - FORGOTTEN_AFTER))
            proposal = RetentionProposal(id=str(uuid.uuid4()), process=self.process, proposed_at=now, before=before)
            session.add(proposal)
        self._proposals[proposal.id] = self.clock.monotonic()

    def _count(self, before: datetime) -> int:
        with self.db.read() as session:
            return session.scalar(select(func.count()).select_from(Operation).where(*_old(before))) or 0

    def _delete_some(self, before: datetime, batch: int) -> int:
        row = Operation
        with self.db.write() as session:
            ids = session.scalars(select(row.id).where(*_old(before)).order_by(row.asked_at).limit(batch)).all()
            session.execute(delete(row).where(row.id.in_(ids)))
        return len(ids)


def _old(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that an operation may go.

    It is kept for what lives and follows it, and as long as what it follows, or any of its batch: a deactivation's undo
    puts back what its parts took away.
    """
    row, other = Operation, aliased(Operation)
    is_kept = or_(other.outcome.is_(None), other.ended_at >= before)
    followed = select(row.follows).where(row.outcome.is_(None), row.follows.is_not(None))
    kept_batches = select(other.batch_id).where(other.batch_id.is_not(None), is_kept)
    return (
        row.asked_at < before,
        row.outcome.is_not(None),
        row.ended_at < before,
        row.id.not_in(followed),
        ~exists().where(other.id == row.follows, is_kept),
        or_(row.batch_id.is_(None), row.batch_id.not_in(kept_batches)),
    )
