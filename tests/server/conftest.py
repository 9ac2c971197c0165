from __future__ import annotations

import pytest

from tests.console import free_port


@pytest.fixture
def free_tcp_port() -> int:
    return free_port()
