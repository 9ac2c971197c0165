"""A sandbox for each file of commands that run without a server, and what their environment names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console import surroundings
from tests.sandbox_server import RunningSandbox, start_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with start_sandbox() as running:
        yield running


@pytest.fixture
def environment(sandbox: RunningSandbox, tmp_path: Path) -> dict[str, str]:
    """The variables of a command: the sandbox, as at its start, and a data folder of the test's own."""
    sandbox.reset()
    sandbox.clear_faults()
    sandbox.options(activation_seconds=0.05)
    return surroundings(sandbox, tmp_path / "data", {})
