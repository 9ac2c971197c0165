"""Access that was given with Sailpass and stands: nothing of Sailpass's has changed it since. Must never write."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.db import Database
from app.history import kinds
from app.history.models import GRANTED, Operation, PolicyChange
from app.keys import ServiceKey


@dataclass(frozen=True)
class Standing:
    """The last operation that may have given a service access, with the policy that it left behind at `written_at`.

    Nothing of Sailpass's has changed what it gave, and the repository is still the same one. `wrote`: it changed the policy, so that `text` is known.
    """

    id: str
    kind: str
    service: str
    repository: str
    principal_arn: str
    ended_at: datetime
    wrote: bool
    text: str | None
    written_at: datetime | None


def standing_grants(
    db: Database, service: ServiceKey, repositories: Collection[str] | None = None
) -> dict[str, datetime]:
    """Return by repository when access was last given with Sailpass, where Sailpass hasn't changed the policy since.

    If the policy no longer names the service's role, somebody else took the access away. `repositories`: only these.
    """
    row = Operation
    among = () if repositories is None else (row.repository.in_(repositories),)
    query = (
        select(row.repository, func.max(row.ended_at))
        .where(
            *service.of(row, row.service),
            GRANTED,  # in these very words, for its index: the planner would read the whole Region's operations
            *among,
            ~overridden(row),
            ~made_anew(row),
        )
        .group_by(row.repository)
    )
    with db.read() as session:
        return {name: ended_at for name, ended_at in session.execute(query) if ended_at is not None}


def standing(
    db: Database, connection: str, region: str, repositories: Sequence[str] | None = None
) -> tuple[Standing, ...]:
    """Return what stands on these repositories, or on all: of each service at most one operation on each."""
    with db.read() as session:
        return standing_in(session, connection, region, repositories)


def standing_in(
    session: Session, connection: str, region: str, repositories: Sequence[str] | None = None
) -> tuple[Standing, ...]:
    """Return the same as `standing`, within a session."""
    among = () if repositories is None else (Operation.repository.in_(repositories),)
    row, change, write = Operation, PolicyChange, aliased(PolicyChange)
    last_write = (
        select(write.position)
        .where(write.operation_id == row.id, write.repository == row.repository, write.written_at.is_not(None))
        .order_by(write.position.desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )
    last = (
        select(row.repository, row.service, func.max(row.sequence).label("sequence"))
        .where(*_gave(row, connection, region), *among)
        .group_by(row.repository, row.service)
        .subquery()
    )
    # A write may carry changes of several operations, each of which records its own: the last one leaves what was sent.
    part = aliased(PolicyChange)
    sent = (
        select(part.after)
        .where(part.connection == change.connection, part.region == change.region)
        .where(part.repository == change.repository, part.planned_at == change.planned_at)
        .order_by(part.operation_id.desc(), part.position.desc())
        .limit(1)
        .correlate(change)
        .scalar_subquery()
    )
    query = (
        select(row, change, sent)
        .join(last, tuple_(row.repository, row.service, row.sequence) == tuple_(*last.c))
        .outerjoin(change, and_(change.operation_id == row.id, change.position == last_write))
        .where(*_gave(row, connection, region), *among)
        .where(~overridden(row), ~made_anew(row))
        .order_by(row.asked_at)  # older releases numbered none
    )
    grants = (_of(operation, write, text) for operation, write, text in session.execute(query))
    return tuple({(given.repository, given.service): given for given in grants}.values())


def _of(operation: Operation, write: PolicyChange | None, text: str | None) -> Standing:
    return Standing(
        id=operation.id,
        kind=operation.kind,
        service=operation.service,
        repository=operation.repository,
        principal_arn=operation.principal_arn,
        ended_at=operation.ended_at or operation.asked_at,
        wrote=write is not None,
        text=text,
        written_at=write.written_at if write else None,
    )


def _gave(row: type[Operation], connection: str, region: str) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions that an operation may have given access."""
    may_give = row.kind.in_(kinds.MAY_GIVE_ACCESS)
    return row.connection == connection, row.region == region, may_give, row.outcome == "succeeded"


def made_anew(row: type[Operation]) -> ColumnElement[bool]:
    """Return the condition that a reading has shown since that the repository was deleted, or deleted and created again."""
    later = aliased(Operation)
    return exists().where(
        later.connection == row.connection,
        later.region == row.region,
        later.repository == row.repository,
        later.sequence > row.sequence,
        later.kind.in_(kinds.REPOSITORY_ENDED),
    )


def overridden(row: type[Operation]) -> ColumnElement[bool]:
    """Return the condition that a later operation changed, or may have changed, what `row` gave its service."""
    later = aliased(Operation)
    same_region = (later.connection == row.connection) & (later.region == row.region)
    changed = exists().where(PolicyChange.operation_id == later.id)
    changed_nothing = later.outcome.in_(("failed", "cancelled")) & ~changed
    on_the_policy = (
        (later.repository == row.repository)
        & or_(later.service == row.service, later.kind.in_(kinds.REWRITES_POLICY))
        & later.kind.not_in((*kinds.GIVES_ACCESS, *kinds.SEEN, kinds.DEPLOY))
        & or_(later.outcome.is_(None), ~changed_nothing)
    )
    role_off = (
        (later.service == row.service)
        & (later.kind == literal_column("'deactivate'"))  # in these very words, for its index
        & or_(later.outcome.is_(None), later.outcome == "succeeded")
    )
    # Two questions, each with an index of its own.
    after = (same_region, later.sequence > row.sequence)
    return or_(exists().where(*after, on_the_policy), exists().where(*after, role_off))
