"""Nothing that parses, plans, compares or renders runs on the event loop: health checks never wait for it."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.history.happened import happened
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox

ROOT = Path(__file__).resolve().parents[2]
# Code that works through policy texts or makes pages. Names and statements for IAM are of a known length.
HEAVY = (str(ROOT / "app" / "policy"), str(ROOT / "app" / "operations" / "plans.py"), str(ROOT / "templates"))
LIGHT = tuple(str(ROOT / "app" / "policy" / name) for name in ("permissions.py", "words.py", "arns.py"))
SERVICE, REPOSITORY = "storefront-web", "storefront/web"
HERE = f"/containers/{REGION}/{SERVICE}"
API = f"/api/v1/services/{REGION}/{SERVICE}"
STALL = 0.1  # seconds
CHANGED = "00000000-0000-4000-8000-000000000001"
GET = [
    "/containers",
    HERE,
    f"{HERE}/images",
    f"{HERE}/images?added={REPOSITORY}",
    f"{HERE}/deployments",
    f"{HERE}/deployments/3/log",
    f"{HERE}/as-code",
    f"{HERE}/as-code?form=terraform",
    f"{HERE}/history",
    f"{HERE}/policy?repository={REPOSITORY}",
    f"{HERE}/next-steps?added={REPOSITORY}",
    f"{HERE}/repositories/new",
    f"{HERE}/repositories/options?repository=s",
    *(f"{HERE}/repositories/{what}?repository={REPOSITORY}" for what in ("remove", "repair", "prune")),
    *(
        f"{HERE}/repositories/preview?repository={REPOSITORY}&kind={kind}"
        for kind in ("grant", "repair", "revoke", "prune")
    ),
    f"{HERE}/role/activate",
    f"{HERE}/role/deactivate",
    f"{HERE}/role/deactivate/change?repository={REPOSITORY}",
    f"{HERE}/repositories/many",
    f"{HERE}/repositories/many?action=repair&match=*",
    f"{HERE}/repositories/many/change?repository={REPOSITORY}&kind=revoke",
    "/repositories",
    f"/repositories/prune?region={REGION}&repository={REPOSITORY}",
    "/findings",
    "/findings/repair",
    "/history",
    "/search?q=s",
    "/permissions",
    "/api/docs",
    "/nothing",
    *(f"/operations/{CHANGED}{what}" for what in ("", "/progress", "/cancel", "/undo", "/restore")),
    "/api/v1/services",
    API,
    f"{API}/repositories",
    f"{API}/repositories/choices",
    f"{API}/as-code?form=aws",
    f"{API}/deployments/0/log",
    f"{API}/policy?repository={REPOSITORY}",
    "/api/v1/search?q=s",
    "/api/v1/operations",
    f"/api/v1/operations/{CHANGED}",
    "/api/v1/permissions",
]
REFUSED = {"/nothing", f"/operations/{CHANGED}/cancel"}  # it has ended
POST = [
    *((f"{API}/preview", {"kind": kind, "repository": REPOSITORY}) for kind in ("grant", "repair", "revoke", "prune")),
    *((f"/api/v1/operations/{CHANGED}/preview", {"kind": kind}) for kind in ("undo", "restore")),
    (f"{API}/role/deactivate/preview", None),
    (f"{API}/grants", {"repository": "no/such"}),
    (f"{API}/why", {"image": f"123456789012.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}:5.3.0"}),
    ("/api/v1/permissions/check", {}),
    ("/api/v1/findings/repair/preview", {}),
    ("/api/v1/repositories/prune/preview", {"region": REGION, "repository": REPOSITORY}),
    (
        "/api/v1/batches/preview",
        {"action": "grant", "services": [{"region": REGION, "name": SERVICE}], "match": "*"},
    ),
]


def long_lines(*, changed: bool) -> str:
    """A policy whose one long line is compared with another by pieces; `changed` makes it the other one."""
    value = "".join(f"{number % 7}{'ab'[number % 2 if changed else 0]}" for number in range(360))
    condition = {"StringEquals": {"aws:SourceVpc": value}}
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]})


@pytest.fixture
async def console(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        sandbox.put_policy(REPOSITORY, json.loads(long_lines(changed=True)))
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            operation = happened(services.db, CHANGED, service=SERVICE, repository=REPOSITORY)
            with services.db.write() as session:
                change = session.merge(operation).changes[0]
                change.before, change.after = long_lines(changed=False), long_lines(changed=True)
            yield client


@contextmanager
def noting_heavy_code():
    """The heavy code that runs in this thread, which is the loop's."""
    seen: set[str] = set()

    def note(frame, event, _):
        name = frame.f_code.co_filename
        if event == "call" and name.startswith(HEAVY) and not name.startswith(LIGHT):
            seen.add(f"{Path(name).name}:{frame.f_code.co_name}")

    sys.setprofile(note)
    try:
        yield seen
    finally:
        sys.setprofile(None)


@contextmanager
def probing_stalls():
    """The longest time that the loop's thread worked without a pause; waiting for the processor is not counted.

    Nor is the collection of garbage, which visits all that other tests left in memory.
    """
    stalls = [0.0]
    gc.disable()

    async def probe():
        last = time.thread_time()
        while True:
            await asyncio.sleep(0.005)
            now = time.thread_time()
            stalls[0], last = max(stalls[0], now - last), now

    task = asyncio.create_task(probe())
    try:
        yield stalls
    finally:
        task.cancel()
        gc.enable()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["pages", "parts"])
async def test_no_page_is_made_on_the_loop(console, headers):
    on_the_loop = {}
    for path in GET:
        with noting_heavy_code() as seen:
            answer = await console.get(path, headers=headers)
        assert (answer.status_code < 400) is (path not in REFUSED), answer.text
        on_the_loop[path] = seen
    assert not {path: seen for path, seen in on_the_loop.items() if seen}


async def test_no_answer_of_the_api_is_made_on_the_loop(console):
    on_the_loop = {}
    for path, body in POST:
        with noting_heavy_code() as seen:
            answer = await console.post(path, json=body)
        assert answer.status_code == (404 if "grants" in path else 200), answer.text
        on_the_loop[path, str(body)] = seen
    assert not {asked: seen for asked, seen in on_the_loop.items() if seen}


async def test_a_form_that_is_refused_is_drawn_again_in_a_thread(console):
    with noting_heavy_code() as seen:
        answer = await console.post(f"{HERE}/repositories", data={"repository": "No Such"})
    assert answer.status_code == 422
    assert not seen


async def test_policies_are_read_in_the_background_without_the_loop(tmp_path, monkeypatch):
    with start_sandbox() as sandbox, noting_heavy_code() as seen:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (_, services):
            sandbox.put_policy(REPOSITORY, json.loads(long_lines(changed=True)))
            assert await services.scanner.refresh_repository(REGION, REPOSITORY) is None
    assert not seen


async def test_health_answers_while_the_slowest_pages_are_made(console):
    await console.get("/containers")  # what is made once, at the first request, is made
    with probing_stalls() as stalls:
        pages = [
            asyncio.create_task(console.get(f"/operations/{CHANGED}/restore")),
            asyncio.create_task(console.get(f"/operations/{CHANGED}/undo")),
            asyncio.create_task(console.post(f"/api/v1/operations/{CHANGED}/preview", json={"kind": "restore"})),
        ]
        answers = 0
        while not all(page.done() for page in pages):
            assert (await console.get("/healthz")).status_code == 200
            answers += 1
            await asyncio.sleep(0.005)
    assert [page.result().status_code for page in pages] == [200, 200, 200]
    assert answers > 0
    assert stalls[0] < STALL
