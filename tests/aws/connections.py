"""Connections to a sandbox or to a server of the test's own, and the problem that a call ends with."""

from __future__ import annotations

import pytest

from app.aws.clients import ConnectionSettings
from app.aws.session import BotoAws
from app.errors import Problem
from tests.sandbox_server import ACCOUNT


def connection(url: str, **more) -> BotoAws:
    keys = {"access_key": f"AKID{ACCOUNT}", "secret_key": "sandbox"}
    return BotoAws(ConnectionSettings("1", endpoint_url=url, **{"retry_mode": "standard", **keys, **more}))


@pytest.fixture
def once(monkeypatch):
    """The SDK tries once."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def problem_of(call, *args, **kwargs) -> Problem:
    with pytest.raises(Problem) as raised:
        call(*args, **kwargs)
    return raised.value


def problem_or_none(call, *args) -> Problem | None:
    try:
        call(*args)
    except Problem as problem:
        return problem
    return None
