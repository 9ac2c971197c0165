"""Addresses that take a form, opened without it: from a bookmark, by Enter in the address bar, without JavaScript."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from fastapi.routing import iter_route_contexts

from app.auth.rules import is_for_programs
from app.web import links
from tests.in_process import in_process_console
from tests.sandbox_server import start_sandbox

REGION, SERVICE = "us-east-1", "storefront-web"
FILLED = {"region": REGION, "service": SERVICE}


@pytest.fixture
async def console(tmp_path, monkeypatch):
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, _):
            yield client


def forms_of(app) -> list[str]:
    """The addresses of pages that take a POST and are no page themselves, filled with the names of a service."""
    methods: dict[str, set[str]] = {}
    for route in iter_route_contexts(app.routes):
        methods.setdefault(route.path, set()).update(route.methods or ())
    alone = [path for path, taken in methods.items() if taken == {"POST"} and not is_for_programs(path)]
    return [re.sub(r"{(\w+)(:\w+)?}", lambda name: FILLED.get(name[1], "x"), path) for path in alone]


async def test_an_address_of_a_form_says_so_and_leads_to_a_page(console):
    app = console._transport.app
    forms = forms_of(app)
    assert links.BATCHES in forms
    assert len(forms) >= 10
    for path in [*forms, links.PREVIEW_BATCH, links.BATCH_AS_CODE]:
        answer = await console.get(path)
        assert answer.status_code == 405, path
        page = BeautifulSoup(answer.text, "html.parser").find("main")
        assert "This address only accepts a form." in page.get_text(), path
        for link in page.find_all("a", href=True):
            assert (await console.get(link["href"])).status_code != 405, link
        nearest = [link["href"] for link in page.select("ul.plain a")]
        assert len(nearest) == ((path.count("/") > 1 and not path.startswith("/batches/")) or "/x/" in path), path


@pytest.mark.parametrize("path", [links.PREVIEW_BATCH, links.BATCH_AS_CODE])
async def test_a_choice_that_is_lost_is_made_again_where_it_was_made(console, path):
    address = links.choice(path, REGION, SERVICE, "grant", "team/*")
    answer = await console.get(address)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        links.many(REGION, SERVICE, action="grant", match="team/*"),
    )
    page = await console.get(answer.headers["location"])
    assert page.status_code == 200
    form = BeautifulSoup(page.text, "html.parser").find(id="match")
    assert form["value"] == "team/*"
