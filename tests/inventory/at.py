"""Times, and data for the store, for the tests of the inventory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from app.db import Database
from app.inventory import store
from app.inventory.policies import PolicyRead, remember_policies, remember_policy
from app.keys import RepositoryKey
from tests.build import REGION, a_policy, a_repository, a_statement

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HERE = ("default", REGION)


def keep(db: Database, name: str, *statements: dict, at: datetime = NOON) -> None:
    """Let the store know a repository with these statements in its policy."""
    store.remember_repository(db, "default", a_repository(name), at)
    remember_policy(db, RepositoryKey(*HERE, name), a_policy(statements) if statements else None, at)


def keep_many(db: Database, names: Iterable[str], *statements: dict) -> None:
    """As `keep` for many, with the same policy in each."""
    repositories = [a_repository(name) for name in names]
    store.remember_repositories(db, *HERE, repositories, NOON)
    text = a_policy(statements) if statements else None
    remember_policies(db, *HERE, [PolicyRead(one.name, text, NOON) for one in repositories])


def allow(principal: str, **more) -> dict:
    """A statement that lets a principal pull."""
    return a_statement(sid=None, principal={"AWS": principal}, **more)
