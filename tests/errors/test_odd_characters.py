"""Any characters in a URL, a form or a body get a readable answer, on either database."""

from __future__ import annotations

import contextlib
import re

import pytest
from fastapi.routing import APIRoute
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api import v1
from app.web.routes import containers, history, images, operations, permissions, policies, preferences, roles, sign_in
from tests.console import start_console
from tests.postgres_server import empty_database, postgres_server
from tests.reader import FORM, Page, Reader

__all__ = ["postgres_server"]


def params(dependant):
    """All that a route takes from the address or a form."""
    yield from (*dependant.path_params, *dependant.query_params, *dependant.body_params)
    for each in dependant.dependencies:
        yield from params(each)


ROUTERS = (containers, history, images, operations, permissions, policies, preferences, roles, sign_in)
ROUTES = sorted(
    {
        (method, route.path, param.name)
        for route in (*(route for part in ROUTERS for route in part.router.routes), *v1.ROUTES)
        if isinstance(route, APIRoute)
        for method in route.methods
        for param in params(route.dependant)
    }
)
USUAL = {"region": "us-east-1", "service": "storefront-web", "name": "storefront-web"}
SAID = "holds a character that cannot be part of any name or text."
# Texts as they are sent, percent-encoded: what is no UTF-8, half a pair, no character at all, another line, too long.
ODD = [
    "%ED%A0%80",
    "%ED%B0%80x",
    "%FF%FE",
    "%F4%90%80%80",
    "a%0Ab",
    "%0D%0Ab",
    "%EF%BF%BF",
    "%E2%80%AE",
    "x" * 9000,
]
NUL = ["%00", "storefront%00", "%00%ED%A0%80"]
encoded = st.sampled_from(ODD) | st.binary(min_size=1, max_size=20).map(
    lambda raw: "".join(f"%{byte:02X}" for byte in raw)
)


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.repeats])]
)
def mika(request, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        kept = {}
        if request.param == "postgres":
            kept["database_url"] = stack.enter_context(empty_database(request.getfixturevalue("postgres_server")))
        reader = Reader(stack.enter_context(start_console(tmp_path_factory.mktemp("console"), **kept)))
        reader.knows()
        yield reader


def sends(reader, route, text):
    """Ask with `text` in one place of a route, and with what is usual in all others."""
    method, path, name = route
    fields = f"{name}={text}"
    if f"{{{name}}}" in path:
        path, fields = path.replace(f"{{{name}}}", text), ""
    path = re.sub(r"{(\w+)}", lambda found: USUAL.get(found[1], "nobody"), path)
    if method == "POST" and not path.startswith("/api/"):
        return Page(reader.console.post(path, fields, **FORM))
    return Page(reader.console.send(method, f"{path}?{fields}"))


@pytest.mark.both_databases
@pytest.mark.parametrize("text", NUL)
def test_a_text_with_nul_is_refused_in_words_wherever_it_stands(mika, text):
    answers = {route: sends(mika, route, text) for route in ROUTES}
    told = {route: (page.status, SAID in page.answer.text) for route, page in answers.items()}
    assert told == dict.fromkeys(ROUTES, (422, True))


@pytest.mark.both_databases
@given(route=st.sampled_from(ROUTES), text=encoded)
@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_text_breaks_the_console(mika, route, text):
    page = sends(mika, route, text)
    assert page.status < 500, page.text


@pytest.mark.parametrize("name", ["storefront%0A", "x" * 64, "Storefront", "-web", "%C3%A9"])
def test_a_name_that_no_service_can_have_is_not_found_and_starts_nothing(mika, name):
    for page in (
        mika.reads(f"/containers/us-east-1/{name}/images"),
        mika.sends(f"/containers/us-east-1/{name}/role/activate"),
    ):
        assert page.status == 404
        assert "The container service" in page.text
