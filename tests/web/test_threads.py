"""Blocking work runs in threads, and a request without a free thread is refused instead of waiting without limit."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from app import threads
from app.errors import Problem
from app.main import create_app
from app.settings import Settings
from app.threads import BoundedThreads
from tests.in_process import in_process_console
from tests.sandbox_server import start_sandbox

LANGUAGE = ContextVar("LANGUAGE", default="")


@pytest.fixture
def gate():
    event = threading.Event()
    yield event
    event.set()


async def occupy(pool: BoundedThreads, gate: threading.Event) -> asyncio.Task:
    """Fill a pool of one thread until the gate opens."""
    at_work = asyncio.Event()
    loop = asyncio.get_running_loop()

    def work() -> bool:
        loop.call_soon_threadsafe(at_work.set)
        return gate.wait(20)

    task = asyncio.create_task(pool.run(work))
    await at_work.wait()
    return task


async def test_a_call_runs_elsewhere_with_the_callers_context():
    LANGUAGE.set("ja")
    seen = await BoundedThreads("test", 1).run(lambda: (LANGUAGE.get(), threading.current_thread()))
    assert seen[0] == "ja"
    assert seen[1] is not threading.current_thread()


async def test_what_a_call_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        await BoundedThreads("test", 1).run(lambda: 1 // 0)


async def test_a_call_that_finds_no_thread_in_time_is_never_made(gate):
    pool, made = BoundedThreads("test", 1, patience=1), []
    working = await occupy(pool, gate)
    with pytest.raises(Problem) as told:
        await pool.run(made.append, "late")
    assert (told.value.code, told.value.retryable) == ("server.busy", True)
    gate.set()
    assert await working is True  # one that runs may take as long as it wants
    assert await pool.run(len, "next") == 4
    assert made == []


async def test_no_more_wait_than_may(gate):
    pool = BoundedThreads("test", 1, patience=20, most_waiting=1)
    working = await occupy(pool, gate)
    waiting = asyncio.create_task(pool.run(len, "waits"))
    await asyncio.sleep(0)
    with pytest.raises(Problem, match=r"server\.busy"):
        await pool.run(len, "one too many")
    gate.set()
    assert (await working, await waiting) == (True, 5)


async def test_a_caller_that_gives_up_leaves_no_call_behind(gate):
    pool, made = BoundedThreads("test", 1, patience=20), []
    working = await occupy(pool, gate)
    waiting = asyncio.create_task(pool.run(made.append, "given up"))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    gate.set()
    await working
    assert (await pool.run(len, "next"), made) == (4, [])


@pytest.fixture
async def full_console(tmp_path, monkeypatch, gate):
    """A client of a console whose only page thread never comes back."""
    pool = BoundedThreads("page", 1, patience=1)
    monkeypatch.setattr(threads, "page_threads", lambda: pool)
    with start_sandbox(seed="empty") as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, _):
            working = await occupy(pool, gate)
            yield client
            gate.set()
            await working


async def test_a_page_that_finds_no_thread_is_told_so_in_a_sentence(full_console):
    answer = await full_console.get("/containers", headers={"Accept-Language": "ja"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "ほかのリクエストを処理中です" in answer.text


async def test_a_program_that_finds_no_thread_is_told_so_in_json(full_console):
    answer = await full_console.get("/api/v1/services")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert (answer.json()["code"], answer.json()["retryable"]) == ("server.busy", True)


async def test_health_needs_no_page_thread(full_console):
    for path in ("/healthz", "/readyz"):
        assert (await full_console.get(path)).status_code == 200


async def test_a_page_that_is_not_there_is_still_told(full_console):
    assert (await full_console.get("/api/v1/nothing")).status_code == 404
    assert (await full_console.get("/nothing")).status_code == 503  # its page would need a thread


def test_no_route_runs_in_the_frameworks_own_threads(tmp_path, monkeypatch):
    app = create_app(Settings(auth="none", data_dir=tmp_path, regions=("us-east-1",)))
    try:
        routes = [context.original_route for context in iter_route_contexts(app.routes)]
        plain = [
            route.path
            for route in routes
            if isinstance(route, APIRoute) and not asyncio.iscoroutinefunction(route.endpoint)
        ]
    finally:
        app.state.services.scanner.close()
        app.state.services.close()
    assert len(routes) > 40
    assert plain == [], "APIRouter(route_class=ThreadedRoute), or async def"
