"""Access that was given with Sailpass, seen to be removed outside it, and that nobody has given again. Only reads."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from app.history import kinds
from app.history.models import Operation
from app.history.standing import made_anew, overridden


def standing_removals(
    session: Session, connection: str, region: str, repositories: Sequence[str]
) -> tuple[Operation, ...]:
    """Return the entries of kind `drift` on these repositories after which Sailpass has changed nothing for the service.

    Of each service on each repository the newest one.
    """
    row, later = Operation, aliased(Operation)
    given_again = exists().where(
        later.connection == row.connection,
        later.region == row.region,
        later.repository == row.repository,
        later.service == row.service,
        later.kind.in_(kinds.GIVES_ACCESS),
        later.outcome.in_(("succeeded", "nothing_to_do")),
        later.sequence > row.sequence,
    )
    query = (
        select(row)
        .where(row.connection == connection, row.region == region, row.repository.in_(repositories))
        .where(row.kind == "drift", ~given_again, ~overridden(row), ~made_anew(row))
        .order_by(row.sequence)
    )
    newest = {(entry.repository, entry.service): entry for entry in session.scalars(query)}
    return tuple(newest.values())
