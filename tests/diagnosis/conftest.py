"""A sandbox with a manual clock, in which causes are injected, and the diagnosis read over real boto3."""

from __future__ import annotations

import pytest

from tests.diagnosis.world import World, quiet_options
from tests.sandbox_server import start_sandbox


@pytest.fixture(scope="session")
def server():
    with start_sandbox() as running:
        yield running


@pytest.fixture(scope="session")
def shared_world(server):
    return World(server)


@pytest.fixture
def world(server, shared_world):
    server.options(**quiet_options())
    server.clear_faults()
    server.reset("demo")
    server.clear_calls()
    shared_world.calls.clear()
    return shared_world
