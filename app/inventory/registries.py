"""Reads a region's registry policy through a port, stores it, and returns it with its age. Changes nothing in AWS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from app.aws.ports import Registry
from app.db import Database, insert_into, table_of
from app.errors import Problem
from app.inventory import due
from app.inventory.models import SeenRegistry
from app.policy.layers import NOT_READ, RegistryPolicy, RegistryScope

# Errors about this registry only; any other would affect every other call of the region too.
_OF_THE_REGISTRY = frozenset({"aws.access_denied", "aws.bad_answer", "aws.refused", "aws.unknown"})

_REGISTRIES = table_of(SeenRegistry)
# Built once, as every verdict needs it.
REGISTRY_OF = select(_REGISTRIES).where(
    _REGISTRIES.c.connection == bindparam("at_connection"), _REGISTRIES.c.region == bindparam("at_region")
)


@dataclass(frozen=True)
class RegistryReading:
    """What AWS answered at `at`, when the first call was sent.

    `text` None without a `problem`: there is no policy. `scope` None beside a text: it could not be read.
    """

    at: datetime
    text: str | None = None
    scope: str | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class KnownRegistry:
    """A registry policy as far as it is known: read at `read_at` (None: never), last tried at `tried_at`.

    `problem` is why the last read failed; an older text then stays in `policy`.
    """

    region: str
    policy: RegistryPolicy = NOT_READ
    read_at: datetime | None = None
    tried_at: datetime | None = None
    problem: Problem | None = None


async def read_registry(
    registry: Registry, call: Callable[[Callable[[], Any]], Awaitable[Any]], at: datetime, scope: str | None = None
) -> RegistryReading:
    """Return a registry's policy and scope, by at most two calls, each passed to `call`, which returns its value.

    `scope` is a known one, which saves the second call.

    Raises:
        Problem: for errors beyond this registry, such as of the network or the credentials.
    """
    try:
        text = await call(registry.get_policy)
    except Problem as problem:
        if problem.code not in _OF_THE_REGISTRY:
            raise
        return RegistryReading(at, problem=problem)
    if text is None or scope is not None:
        return RegistryReading(at, text, scope)
    try:
        scope = await call(registry.get_policy_scope)
    except Problem as problem:
        if problem.code not in _OF_THE_REGISTRY:
            raise
        scope = None
    return RegistryReading(at, text, scope)


def remember_registry(db: Database, connection: str, region: str, reading: RegistryReading) -> None:
    """Store a read, unless a later one is stored. A failed one leaves the known policy."""
    row = SeenRegistry
    values: dict[str, Any] = {"tried_at": reading.at, "problem": None}
    if reading.problem is None:
        values |= {"policy_text": reading.text, "scope": reading.scope, "read_at": reading.at}
    else:
        values["problem"] = reading.problem.to_json()
    key = {"connection": connection, "region": region}
    with db.write() as session:
        stored = session.get(row, (connection, region))
        before = (stored.policy_text, stored.scope, stored.read_at is None) if stored else None
        session.execute(insert_into(session, row).values(**key, **values).on_conflict_do_nothing())
        session.execute(update(row).filter_by(**key).where(row.tried_at <= reading.at).values(**values))
        if reading.problem is None and before != (reading.text, reading.scope, False):
            due.mark_region(session, connection, region)


def find_registry(db: Database, connection: str, region: str) -> KnownRegistry:
    """Return what is known of a region's registry policy; an empty one if it was never tried."""
    with db.read() as session:
        return registry_in(session, connection, region)


def registry_in(session: Session, connection: str, region: str) -> KnownRegistry:
    """Return the same as `find_registry`, within a session."""
    row = session.execute(REGISTRY_OF, {"at_connection": connection, "at_region": region}).one_or_none()
    return _known(row) if row else KnownRegistry(region)


def registries_in(session: Session, connection: str) -> dict[str, KnownRegistry]:
    """Return what is known of every region's registry policy, by region."""
    rows = session.scalars(select(SeenRegistry).where(SeenRegistry.connection == connection))
    return {row.region: _known(row) for row in rows}


def _known(row: SeenRegistry | Row[Any]) -> KnownRegistry:
    problem = Problem.from_json(row.problem) if row.problem else None
    return KnownRegistry(row.region, _policy(row, problem), row.read_at, row.tried_at, problem)


def _policy(row: SeenRegistry | Row[Any], problem: Problem | None) -> RegistryPolicy:
    if row.read_at is not None:
        scope = RegistryScope(row.scope) if row.scope in set(RegistryScope) else None
        return RegistryPolicy(row.policy_text, scope)
    if problem is None:
        return NOT_READ
    action = str(problem.params.get("action", "")) if problem.code == "aws.access_denied" else ""
    return RegistryPolicy(read=False, problem=problem.code, action=action)
