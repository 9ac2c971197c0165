"""A page's form loses no field silently: unknown and repeated fields are refused."""

from __future__ import annotations

import pytest
from fastapi.routing import iter_route_contexts

from app.history import search
from app.history.search import HistoryFilter
from app.http.request_names import form_fields
from tests.history.happened import happened
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox

SERVICE, REPOSITORY = "storefront-web", "storefront/web"
HERE = f"/containers/{REGION}/{SERVICE}"
ENDED = "00000000-0000-4000-8000-000000000001"
PARTS = {"region": REGION, "service": SERVICE, "operation_id": ENDED, "batch_id": ENDED, "finding_id": "0" * 20}
# What counts as one thing, and would be right if nothing else were there.
RIGHT = {"repository": REPOSITORY, "principal": "AROAQ3EXAMPLEDEADROLE"}


@pytest.fixture
async def console(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            happened(services.db, ENDED, service=SERVICE, repository=REPOSITORY, outcome="failed")
            yield client, services


def operations(services):
    everything = HistoryFilter(connection=services.connection)
    return [operation.id for operation in search.list_operations(services.db, everything).operations]


def form_routes(client):
    """The path of every form of a page, with the fields that it takes."""
    for context in iter_route_contexts(client._transport.app.routes):
        if "POST" in (context.methods or ()) and not context.path.startswith("/api/"):
            yield context.path.format(**PARTS), form_fields(context.original_route.dependant)


async def test_no_form_takes_a_field_that_it_does_not_know(console):
    client, services = console
    answers = {}
    for path, fields in form_routes(client):
        right = {name: value for name, value in RIGHT.items() if name in fields}
        answers[path] = (await client.post(path, data={**right, "previewd": "00"})).status_code
    assert len(answers) > 10
    assert set(answers.values()) == {422}
    assert operations(services) == [ENDED]


async def test_no_form_takes_two_values_for_one(console):
    client, services = console
    answers = {}
    for path, fields in form_routes(client):
        for name in (name for name, many in fields.items() if not many):
            answers[path, name] = (await client.post(path, data={name: ["a", "b"]})).status_code
    assert len(answers) > 10
    assert set(answers.values()) == {422}
    assert operations(services) == [ENDED]


async def test_the_field_is_named_and_what_to_do(console):
    client, _ = console
    page = (await client.post(f"{HERE}/repositories", data={"repository": REPOSITORY, "preview": "00"})).text
    assert "Unknown form field: preview." in page
    assert "Reload the page" in page


async def test_a_link_may_carry_what_it_wants(console):
    client, _ = console
    assert (await client.get("/containers?utm_source=chat&q=a&q=b")).status_code == 200
