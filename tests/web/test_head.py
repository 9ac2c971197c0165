"""HEAD answers as GET without a body, for pages, the API and what is not there, and changes nothing."""

from __future__ import annotations

from starlette.responses import StreamingResponse

from app.history import search
from app.history.search import HistoryFilter
from app.http.head import HeadAsGet
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox

WEB = f"/containers/{REGION}/storefront-web"
PATHS = (
    "/containers",
    f"{WEB}/images",
    f"{WEB}/repositories/new",
    "/repositories",
    "/findings",
    "/history",
    "/history/export.csv",
    "/api/v1/services",
    f"/api/v1/services/{REGION}/storefront-web",
    "/api/openapi.json",
    "/healthz",
    "/metrics",
    "/no-such-page",
    f"/containers/{REGION}/nobody-saw",
    "/api/v1/nothing",
    "/api/v1/operations/0193-none",
    f"{WEB}/role/deactivate",
)
# Of these each answer differs from the one before.
CHANGING = {"date", "content-length"}


async def test_head_has_the_status_and_headers_of_get_and_no_body(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            for path in PATHS:
                got, head = await client.get(path), await client.head(path)
                assert (head.status_code, head.content) == (got.status_code, b""), path
                assert {*head.headers.items()} - {*got.headers.items()} <= {
                    pair for pair in head.headers.items() if pair[0] in CHANGING
                }, path
            sandbox.clear_calls()
            refused = await client.head("/refresh")
            assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
            assert not search.list_operations(services.db, HistoryFilter(connection=services.connection)).operations


async def test_the_rest_of_an_answer_in_parts_is_not_made():
    made, sent = [], []

    async def in_parts(scope, receive, send):
        async def parts():
            for number in range(1_000):
                made.append(number)
                yield b"x"

        await StreamingResponse(parts())(scope, receive, send)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "HEAD", "asgi": {"spec_version": "2.4"}, "headers": []}
    await HeadAsGet(in_parts)(scope, receive, send)
    assert [message.get("body") for message in sent] == [None, b""]
    assert len(made) < 10
