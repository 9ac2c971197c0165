"""`sailpass status` beside a server that has just started."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import main
from app.client import find
from app.client.api import Api
from tests.client.answering import Console, a_listing

WEB = {
    "name": "web",
    "region": "us-east-1",
    "state": "RUNNING",
    "role": {"state": "active"},
    "can_pull": 1,
}


def listing(*, read: bool) -> dict[str, Any]:
    return {**a_listing(read=read), "services": [WEB] if read else []}


@pytest.fixture
def status(monkeypatch):
    def run(*listings: dict[str, Any]) -> Any:
        console = Console(services=listings, operations=[{"operations": []}])
        monkeypatch.setattr("app.commands.status.served", lambda *_, **__: contextlib.nullcontext(Api(console)))
        return CliRunner().invoke(main, ["status"])

    monkeypatch.setattr(find, "PAUSE", 0)
    return run


def test_its_first_reading_is_waited_for(status):
    ran = status(listing(read=False), listing(read=True))
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "web" in ran.stdout


def test_regions_that_are_not_read_in_time_are_named(status, monkeypatch):
    monkeypatch.setattr(find, "PATIENCE", 0)
    ran = status(listing(read=False))
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [
        f"{region}: not read yet; try again in a moment." for region in ("us-east-1", "ap-northeast-1")
    ]
