"""How a load balancer and an operator see that this process can work: `/readyz` and `/metrics`."""

from __future__ import annotations

from html import unescape

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tests.in_process import in_process_console
from tests.sandbox_server import start_sandbox


@pytest.fixture
async def console(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as running:
            yield running


@pytest.fixture
def away(console):
    """Lets the database be away until the test ends; how many statements it refused."""
    _, services = console
    refused = []

    def refuse(_connection, _cursor, statement, parameters, *_rest) -> None:
        refused.append(statement)
        raise OperationalError(statement, parameters, Exception("connection refused"))

    event.listen(services.db.engine, "before_cursor_execute", refuse)
    yield refused
    event.remove(services.db.engine, "before_cursor_execute", refuse)


async def test_a_part_that_is_needed_and_stuck_makes_it_not_ready_by_its_name(console):
    client, services = console
    services.supervisor.part("lease", 60, needed=True)
    assert (await client.get("/readyz")).json() == {"status": "ok"}
    services.supervisor.part("queue", -1, needed=True)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "stuck", "parts": ["queue"]})


async def test_a_part_that_is_not_needed_is_stuck_in_the_metrics_alone(console):
    client, services = console
    services.supervisor.part("scanner of us-east-1 services", -1).restarts = 3
    assert (await client.get("/readyz")).status_code == 200
    figures = (await client.get("/metrics")).text
    assert 'sailpass_part_stuck{part="scanner of us-east-1 services"} 1.0' in figures
    assert 'sailpass_part_restarts_total{part="scanner of us-east-1 services"} 3.0' in figures
    assert "sailpass_database_unusable 0.0" in figures


async def test_the_metrics_of_the_process_are_still_there(console):
    client, _ = console
    assert "process_open_fds" in (await client.get("/metrics")).text


@pytest.mark.parametrize("path", ["/containers", "/containers/us-east-1/payments-api/images", "/history"])
async def test_a_page_says_that_the_database_is_away(console, away, path):
    client, _ = console
    answer = await client.get(path)
    assert answer.status_code == 503
    assert "Sailpass can't use its database right now." in unescape(answer.text)
    assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("path", ["/api/v1/services", "/api/v1/operations"])
async def test_the_api_says_that_the_database_is_away(console, away, path, caplog):
    client, _ = console
    for _ in range(3):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "storage.unavailable")
    assert [record.getMessage() for record in caplog.records] == ["the database cannot be used: connection refused"]


async def test_the_database_is_named_by_readyz(console, away):
    client, _ = console
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"status": "no database"})
