"""Stores policies that were read, and the principals they name. An older read never overwrites a newer one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Table, bindparam, case, delete, insert, select, update
from sqlalchemy.orm import Session

from app.db import Database, table_of
from app.errors import Problem
from app.inventory.models import PolicyPrincipal, SeenRepository
from app.inventory.principal_index import NamedPrincipal, named_in
from app.keys import RepositoryKey

# Built once: building a statement costs several times as much as running it.
_POLICIES = table_of(SeenRepository)
_NAMES = table_of(PolicyPrincipal)


def _among(table: Table, name: str) -> tuple[ColumnElement[bool], ...]:
    """Return the condition for a region's rows of these names."""
    conditions = table.c.connection == bindparam("at_connection"), table.c.region == bindparam("at_region")
    return (*conditions, table.c[name].in_(bindparam("names", expanding=True)))


KNOWN = (
    select(
        _POLICIES.c.name, _POLICIES.c.policy_text, _POLICIES.c.policy_read_at, _POLICIES.c.policy_problem.is_not(None)
    )
    .where(*_among(_POLICIES, "name"))
    .order_by(_POLICIES.c.name)  # all writers lock rows in the same order
)
KNOWN_LOCKED = KNOWN.with_for_update()
NAMED = select(_NAMES.c.repository, _NAMES.c.principal, _NAMES.c.kind, _NAMES.c.service, _NAMES.c.access).where(
    *_among(_NAMES, "repository")
)
# A policy that has changed must be judged again.
STORE = (
    update(_POLICIES)
    .where(
        _POLICIES.c.connection == bindparam("at_connection"),
        _POLICIES.c.region == bindparam("at_region"),
        _POLICIES.c.name == bindparam("at_name"),
    )
    .values(
        check_due=_POLICIES.c.check_due + 1,
        policy_tried_at=bindparam("new_policy_read_at", type_=_POLICIES.c.policy_read_at.type),
        **{
            column: bindparam(f"new_{column}", type_=_POLICIES.c[column].type)
            for column in ("policy_text", "policy_read_at", "policy_problem")
        },
    )
)
UNNAME = delete(_NAMES).where(*_among(_NAMES, "repository"))
NAME = insert(_NAMES)


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


@dataclass(frozen=True)
class PolicySeen:
    """A read that was stored, with the previous state: `before` as it was read at `before_at`, None for never."""

    repository: str
    before: str | None
    before_at: datetime | None
    text: str | None
    at: datetime


def remember_policy(db: Database, repository: RepositoryKey, text: str | None, at: datetime) -> bool:
    """Store one policy. False: the repository is unknown, or its policy was read later; nothing is written."""
    reading = PolicyRead(repository.name, text, at)
    return bool(remember_policies(db, repository.connection, repository.region, [reading]))


def remember_policies(
    db: Database, connection: str, region: str, readings: Sequence[PolicyRead]
) -> tuple[PolicySeen, ...]:
    """Store many policies in one transaction; return those newer than what was stored. Each repository at most once.

    Parsing a policy takes longer than storing it, so that is done before the transaction, and not at all for a known
    text.
    """
    names = [reading.repository for reading in readings]
    stored: dict[str, _Known] = {}
    if len(names) > 1:  # looking up one would take as long as parsing it
        with db.read() as session:
            stored = _known(session, connection, region, names)
    understood = {reading.repository: named_in(reading.text) for reading in readings if not _is_known(reading, stored)}
    with db.write() as session:
        stored = _known(session, connection, region, names, lock=True)
        newer = [reading for reading in readings if _is_newer(reading, stored)]
        _touch(session, connection, region, [each for each in newer if _is_known(each, stored)])
        changed = [each for each in newer if not _is_known(each, stored)]
        _write(
            session,
            connection,
            region,
            {each: understood.get(each.repository) or named_in(each.text) for each in changed},
        )
    return tuple(
        PolicySeen(read.repository, stored[read.repository].text, stored[read.repository].read_at, read.text, read.at)
        for read in newer
    )


def remember_unread(db: Database, connection: str, region: str, readings: Sequence[PolicyUnread]) -> None:
    """Record why policies could not be read, beside what is known of them."""
    row = SeenRepository
    statement = (
        update(_POLICIES)
        .where(
            row.connection == connection,
            row.region == region,
            row.name == bindparam("key"),
            row.policy_tried_at.is_(None) | (row.policy_tried_at <= bindparam("tried", type_=row.policy_tried_at.type)),
        )
        .values(
            policy_tried_at=bindparam("tried", type_=row.policy_tried_at.type),
            policy_problem=bindparam("problem", type_=row.policy_problem.type),
            # From the first failure on, what was fine is unknown.
            check_due=case((row.policy_tried_at <= row.policy_read_at, row.check_due + 1), else_=row.check_due),
        )
    )
    values = [
        {"key": reading.repository, "tried": reading.at, "problem": reading.problem.to_json()} for reading in readings
    ]
    if values:
        with db.write() as session:
            session.execute(statement, values)


@dataclass(frozen=True)
class _Known:
    text: str | None
    read_at: datetime | None
    has_problem: bool


def _known(
    session: Session, connection: str, region: str, names: Sequence[str], *, lock: bool = False
) -> dict[str, _Known]:
    """Return what the store has of these policies; with `lock`, no one else changes it until the transaction ends."""
    parameters = {"at_connection": connection, "at_region": region, "names": list(names)}
    rows = session.execute(KNOWN_LOCKED if lock else KNOWN, parameters)
    return {name: _Known(text, read_at, has_problem) for name, text, read_at, has_problem in rows}


def _is_newer(reading: PolicyRead, stored: Mapping[str, _Known]) -> bool:
    before = stored.get(reading.repository)
    return before is not None and (before.read_at is None or before.read_at <= reading.at)


def _is_known(reading: PolicyRead, stored: Mapping[str, _Known]) -> bool:
    before = stored.get(reading.repository)
    return before is not None and before.read_at is not None and not before.has_problem and before.text == reading.text


def _touch(session: Session, connection: str, region: str, readings: Sequence[PolicyRead]) -> None:
    rows = [
        {
            "connection": connection,
            "region": region,
            "name": reading.repository,
            "policy_read_at": reading.at,
            "policy_tried_at": reading.at,
        }
        for reading in readings
    ]
    if rows:
        session.execute(update(SeenRepository), rows)


def _write(
    session: Session,
    connection: str,
    region: str,
    understood: Mapping[PolicyRead, tuple[frozenset[NamedPrincipal], Problem | None]],
) -> None:
    if not understood:
        return
    rows = [
        {
            "at_connection": connection,
            "at_region": region,
            "at_name": each.repository,
            "new_policy_text": each.text,
            "new_policy_read_at": each.at,
            "new_policy_problem": problem.to_json() if problem else None,
        }
        for each, (_, problem) in understood.items()
    ]
    session.connection().execute(STORE, rows)
    _write_principals(session, connection, region, {each.repository: named for each, (named, _) in understood.items()})


def _write_principals(
    session: Session, connection: str, region: str, named: Mapping[str, frozenset[NamedPrincipal]]
) -> None:
    parameters = {"at_connection": connection, "at_region": region}
    stored: dict[str, set[NamedPrincipal]] = defaultdict(set)
    for repository, *rest in session.execute(NAMED, {**parameters, "names": list(named)}):
        stored[repository].add(NamedPrincipal(*rest))
    changed = [repository for repository, principals in named.items() if principals != stored[repository]]
    if not changed:
        return
    session.execute(UNNAME, {**parameters, "names": changed})
    rows = [
        {"connection": connection, "region": region, "repository": repository, **vars(principal)}
        for repository in changed
        for principal in named[repository]
    ]
    if rows:
        session.execute(NAME, rows)
