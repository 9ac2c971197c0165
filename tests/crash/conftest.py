"""Real processes on real connections, to be killed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.db import Database
from app.history import batches
from app.history.models import PolicyChange
from app.operations.progress import Progress
from app.operations.read import find_progress
from app.operations.state import StepName
from tests.console import until
from tests.databases import migrated_file
from tests.host import Host, start_host
from tests.postgres_server import empty_database, postgres_server
from tests.sandbox_server import RunningSandbox, start_sandbox

__all__ = ["migrated_file", "postgres_server"]


class World:
    """A sandbox, a database, and processes that come and go."""

    def __init__(self, sandbox: RunningSandbox, folder: Path, database_url: str, stack: contextlib.ExitStack) -> None:
        self.sandbox = sandbox
        self.folder = folder
        self._database_url = database_url
        self._stack = stack
        self.db = Database(database_url or f"sqlite:///{folder / 'sailpass.db'}")

    def host(self, **options: Any) -> Host:
        """A replica, ready; `at` says where it kills or stalls itself."""
        settings = {"database_url": self._database_url, **options.pop("settings", {})}
        return self._stack.enter_context(start_host(self.sandbox.url, self.folder, settings=settings, **options))

    def killed_in_its_wait(self, service: str, repository: str) -> str:
        """A grant that waited for its role when its process was killed; the role is ready since. Its id."""
        self.sandbox.options(activation_seconds=60)
        host = self.host()
        operation_id = host.start("grant", service, repository)
        until(lambda: self.progress(operation_id).current, lambda step: step and step.name == StepName.WAIT_FOR_ROLE)
        host.kill()
        self.sandbox.advance(60)
        return operation_id

    def progress(self, operation_id: str) -> Progress:
        found = find_progress(self.db, operation_id)
        assert found is not None
        return found

    def ended(self, operation_id: str, seconds: float = 90) -> Progress:
        return until(lambda: self.progress(operation_id), lambda progress: progress.ended, seconds)

    def changes(self, operation_id: str) -> list[PolicyChange]:
        with self.db.read() as session:
            return list(session.scalars(select(PolicyChange).where(PolicyChange.operation_id == operation_id)))

    def batch_counts(self, batch_id: str) -> dict[str, int]:
        """How many items stand in which way."""
        return batches.counts_of(self.db, [batch_id])[batch_id]

    def batch_ended(self, batch_id: str, seconds: float = 120) -> dict[str, int]:
        """The same once the batch has ended."""
        until(
            lambda: [runner.outcome for runner in batches.runners_of(self.db, batch_id)],
            lambda outcomes: None not in outcomes,
            seconds,
        )
        return self.batch_counts(batch_id)

    def repositories(self, count: int) -> list[str]:
        """The names of new repositories without a policy."""
        ecr = self.sandbox.client("ecr")
        names = [f"load/{number:03}" for number in range(count)]
        for name in names:
            ecr.create_repository(repositoryName=name)
        return names

    def sids(self, repository: str) -> list[str]:
        policy = self.sandbox.policy(repository)["policy"]
        return [] if policy is None else [statement.get("Sid", "") for statement in policy["Statement"]]


@contextlib.contextmanager
def a_world(folder: Path, database_url: str = "") -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        sandbox = stack.enter_context(start_sandbox(activation_seconds=0.3))
        world = World(sandbox, folder, database_url, stack)
        yield world
        world.db.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.repeats])])
def world(request, tmp_path, migrated_file) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        url = ""
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            url = stack.enter_context(empty_database(server, migrated=True))
        else:
            shutil.copy(migrated_file, tmp_path)
        yield stack.enter_context(a_world(tmp_path, url))
