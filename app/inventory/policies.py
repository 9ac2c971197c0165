"""Keeps the policies that were read, and whom they name. Must never let an older reading overwrite a newer one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from app.db import Database
from app.errors import Problem
from app.inventory.models import PolicyPrincipal, SeenRepository
from app.inventory.named import NamedPrincipal, named_in


@dataclass(frozen=True)
class PolicyRead:
    """A repository's policy as ECR answered at `at`, when the call was sent; `text` None: it has none."""

    repository: str
    text: str | None
    at: datetime


@dataclass(frozen=True)
class PolicyUnread:
    """A policy that could not be read at `at`. What was known of it stays."""

    repository: str
    problem: Problem
    at: datetime


def remember_policy(  # noqa: PLR0917  (a repository's key alone takes three)
    db: Database, connection: str, region: str, repository: str, text: str | None, at: datetime
) -> bool:
    """Keep one policy. False: the repository is unknown, or its policy was read later; nothing is written."""
    return bool(remember_policies(db, connection, region, [PolicyRead(repository, text, at)]))


def remember_policies(db: Database, connection: str, region: str, readings: Sequence[PolicyRead]) -> int:
    """Keep many policies in one transaction: how many were newer than what we had. Each repository at most once."""
    named = {reading.repository: named_in(reading.text) for reading in readings}
    with db.write() as session:
        outdated = _outdated(session, connection, region, readings)
        newer = [reading for reading in readings if reading.repository in outdated]
        if newer:
            problems = {name: problem for name, (_, problem) in named.items()}
            _write_texts(session, connection, region, newer, problems)
            _write_principals(session, connection, region, {one.repository: named[one.repository][0] for one in newer})
    return len(newer)


def remember_unread(db: Database, connection: str, region: str, readings: Sequence[PolicyUnread]) -> None:
    """Note what kept policies from being read, beside what is known of them."""
    row = SeenRepository
    statement = (
        update(row.__table__)  # type: ignore[arg-type]
        .where(
            row.connection == connection,
            row.region == region,
            row.name == bindparam("key"),
            row.policy_tried_at.is_(None) | (row.policy_tried_at <= bindparam("tried", type_=row.policy_tried_at.type)),
        )
        .values(
            policy_tried_at=bindparam("tried", type_=row.policy_tried_at.type),
            policy_problem=bindparam("problem", type_=row.policy_problem.type),
        )
    )
    values = [{"key": one.repository, "tried": one.at, "problem": one.problem.to_json()} for one in readings]
    if values:
        with db.write() as session:
            session.execute(statement, values)


def _outdated(session: Session, connection: str, region: str, readings: Sequence[PolicyRead]) -> set[str]:
    """Whose policy in the store is older than the one at hand; locked until the transaction ends."""
    seen = SeenRepository
    wanted = (
        select(seen.name, seen.policy_read_at)
        .where(
            seen.connection == connection, seen.region == region, seen.name.in_([one.repository for one in readings])
        )
        .order_by(seen.name)  # two writers take their locks in one order
        .with_for_update()
    )
    known = {row.name: row.policy_read_at for row in session.execute(wanted)}
    return {
        one.repository
        for one in readings
        if one.repository in known and ((read_at := known[one.repository]) is None or read_at <= one.at)
    }


def _write_texts(
    session: Session,
    connection: str,
    region: str,
    readings: Sequence[PolicyRead],
    problems: dict[str, Problem | None],
) -> None:
    rows: list[dict[str, Any]] = []
    for one in readings:
        problem = problems[one.repository]
        rows.append(
            {
                "connection": connection,
                "region": region,
                "name": one.repository,
                "policy_text": one.text,
                "policy_read_at": one.at,
                "policy_tried_at": one.at,
                "policy_problem": problem.to_json() if problem else None,
            }
        )
    session.execute(update(SeenRepository), rows)


def _write_principals(
    session: Session, connection: str, region: str, named: dict[str, frozenset[NamedPrincipal]]
) -> None:
    row = PolicyPrincipal
    here = (row.connection == connection, row.region == region)
    wanted = select(row.repository, row.principal, row.kind, row.service, row.access).where(
        *here, row.repository.in_(named)
    )
    known: dict[str, set[NamedPrincipal]] = defaultdict(set)
    for repository, *rest in session.execute(wanted):
        known[repository].add(NamedPrincipal(*rest))
    changed = [repository for repository, principals in named.items() if principals != known[repository]]
    if not changed:
        return
    session.execute(delete(row).where(*here, row.repository.in_(changed)))
    rows = [
        {"connection": connection, "region": region, "repository": repository, **vars(principal)}
        for repository in changed
        for principal in named[repository]
    ]
    if rows:
        session.execute(insert(row.__table__), rows)  # type: ignore[arg-type]
