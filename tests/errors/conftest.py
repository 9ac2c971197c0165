"""A fast console for all tests here, without errors at the start of each, and repositories and services of its own."""

from __future__ import annotations

import pytest

from tests.errors.fast import start_fast_console
from tests.errors.making import make_repository, make_service
from tests.reader import Reader


@pytest.fixture(scope="module")
def role_wait() -> int:
    """Seconds that the console waits for a role: longer than any test takes."""
    return 86_400


@pytest.fixture(scope="module")
def console(tmp_path_factory, role_wait):
    with start_fast_console(tmp_path_factory.mktemp("console"), role_wait_seconds=role_wait) as running:
        Reader(running).knows()
        yield running


@pytest.fixture
def sandbox(console):
    usual = console.sandbox.options()
    yield console.sandbox
    console.sandbox.clear_faults()
    kept = ("activation_seconds", "arn_lag_seconds", "principal_seconds", "latency_ms", "setup_regions")
    console.sandbox.options(**{name: usual[name] for name in kept})


@pytest.fixture
def mika(console, sandbox) -> Reader:
    """Mika operates the console; what goes wrong for her is over when her test is."""
    return Reader(console)


@pytest.fixture
def repository(console) -> str:
    """An unused name of a repository."""
    return make_repository(console)


@pytest.fixture
def service(console) -> str:
    """The name of a service whose image puller role was never activated."""
    return make_service(console)
