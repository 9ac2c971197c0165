"""Dismisses findings with a reason for a time, and takes that back. Decides nothing about what is a finding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import Database, insert_into
from app.errors import Problem
from app.findings.models import Dismissal, KeptFinding
from app.inventory import due

DAYS = (7, 30, 90, 365)
"""For how long a finding may be dismissed."""

LONGEST_REASON = 500


@dataclass(frozen=True)
class DismissalRequest:
    """A person's wish not to be shown a finding for `days`, for a reason."""

    finding_id: str
    reason: str
    days: int
    by: str


def dismiss(db: Database, connection: str, request: DismissalRequest, now: datetime) -> None:
    """Dismiss a finding; one that is dismissed already gets the new reason and time.

    Raises:
        Problem: `finding.not_found`, `finding.no_reason`, `finding.reason_too_long` or `finding.bad_days`.
    """
    reason = " ".join(request.reason.split())
    if not reason:
        raise Problem("finding.no_reason")
    if len(reason) > LONGEST_REASON:
        raise Problem("finding.reason_too_long", characters=len(reason), limit=LONGEST_REASON)
    if request.days not in DAYS:
        raise Problem("finding.bad_days", days=", ".join(map(str, DAYS)))
    with db.write() as session:
        finding = session.get(KeptFinding, (connection, request.finding_id))
        if finding is None:
            raise Problem("finding.not_found")
        values = {
            "reason": reason,
            "dismissed_by": request.by,
            "dismissed_at": now,
            "until": now + timedelta(days=request.days),
        }
        key = {"connection": connection, "id": finding.id, "region": finding.region, "repository": finding.repository}
        session.execute(
            insert_into(session, Dismissal)
            .values(**key, **values)
            .on_conflict_do_update(index_elements=["connection", "id"], set_=values)
        )
        due.mark(session, connection, finding.region, [finding.repository])


def restore(db: Database, connection: str, finding_id: str) -> None:
    """Show a dismissed finding again. Raises `finding.not_dismissed`."""
    with db.write() as session:
        dismissal = session.get(Dismissal, (connection, finding_id))
        if dismissal is None:
            raise Problem("finding.not_dismissed")
        region, repository = dismissal.region, dismissal.repository
        session.execute(delete(Dismissal).where(Dismissal.connection == connection, Dismissal.id == finding_id))
        due.mark(session, connection, region, [repository])


def dismissals_in(session: Session, connection: str, ids: list[str], now: datetime) -> dict[str, Dismissal]:
    """Return the dismissals of these findings that hold now."""
    row = Dismissal
    query = select(row).where(row.connection == connection, row.id.in_(ids), row.until > now)
    return {dismissal.id: dismissal for dismissal in session.scalars(query)}
