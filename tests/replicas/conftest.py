"""Two real processes on one PostgreSQL, with a short silence that counts as death."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.crash.conftest import World, a_world
from tests.host import Host
from tests.postgres_server import empty_database, postgres_server

__all__ = ["postgres_server"]

PACE = {"beat": 0.5, "dead_after": 5.0, "look": 0.3}


@pytest.fixture
def world(tmp_path, postgres_server) -> Iterator[World]:
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(empty_database(postgres_server, migrated=True))
        yield stack.enter_context(a_world(tmp_path, url))


@pytest.fixture
def replica(world) -> Callable[..., Host]:
    """Starts a replica by its name."""
    return partial(_replica, world)


def _replica(world: World, name: str, **options) -> Host:
    return world.host(settings={"instance": name}, pace=PACE, **options)
