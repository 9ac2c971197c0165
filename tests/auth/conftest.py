"""A migrated database of each kind, a link in it, and a small console with sign-in before it."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI, Request

from app.auth import sign_in_links, tokens
from app.auth.authenticator import Authenticator
from app.auth.events import Actor, Via
from app.auth.scopes import Scope
from app.auth.secret import fingerprint, new_secret
from app.bootstrap import build
from app.db import Database
from app.http import problems
from app.http.security import middleware
from app.main import create_app
from app.resources import STATIC, TEMPLATES
from app.settings import Settings
from app.web.assets import Assets
from app.web.render import Renderer, make_renderer, refuse
from app.web.routes import sign_in
from tests.databases import db as any_db
from tests.databases import migrated_file, migrated_postgres_url, postgres_server, sqlite_db
from tests.fake_clock import FakeClock
from tests.fakes import FakeAws

__all__ = ["any_db", "migrated_file", "migrated_postgres_url", "postgres_server", "sqlite_db"]

HOST = "127.0.0.1:8000"
MIKA = Actor("mika", Via.TERMINAL)


@pytest.fixture
def db(sqlite_db) -> Database:
    return sqlite_db


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(jumps=False)


@pytest.fixture
def new_link(db, clock):
    """Makes links, each of which voids the one before."""

    def new() -> str:
        link = new_secret()
        sign_in_links.add_link(db, fingerprint(link), MIKA, clock.now())
        return link

    return new


@pytest.fixture
def link(new_link) -> str:
    return new_link()


@pytest.fixture
def new_token(db, clock):
    def new(name="builds", expires_at=None, scope=Scope.CHANGE) -> str:
        token = "sailpass_" + new_secret()
        facts = tokens.TokenFacts(name, "mika", clock.now(), expires_at, None, scope)
        tokens.add_token(db, fingerprint(token), facts, MIKA)
        return token

    return new


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return make_renderer(TEMPLATES, Assets(STATIC))


@pytest.fixture
def console(db, clock, renderer):
    """A replica, by its setting of AUTH."""

    def start(auth="local", database=None) -> FastAPI:
        authenticator = Authenticator(database or db, clock, auth)
        app = FastAPI(middleware=[*middleware(["127.0.0.1", "console.test"]), sign_in.guard(authenticator)])
        app.state.renderer = renderer
        problems.install(app, refuse)
        sign_in.install(app, authenticator)
        for path in (
            "/healthz",
            "/containers",
            "/history",
            "/api/v1/services",
            "/api/docs",
            "/metrics",
            "/static/app.css",
        ):
            app.add_api_route(path, _who, methods=["GET", "POST"])
        return app

    return start


@pytest.fixture
def whole(db, clock, tmp_path):
    """The whole console on this database, without AWS."""
    settings = Settings(data_dir=tmp_path, regions=("us-east-1",))
    services = build(settings, aws=FakeAws(), clock=clock)
    yield create_app(settings, services)
    services.scanner.close()
    services.close()


def _who(request: Request) -> dict[str, str]:
    return {"person": getattr(request.state, "person", "nobody")}


@pytest.fixture
async def browser(console):
    """Browsers, each with a cookie jar of its own."""
    opened_ones: list[httpx.AsyncClient] = []

    def open_one(app=None, *, base=f"http://{HOST}", address="127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app or console(), client=(address, 50000))
        opened_ones.append(httpx.AsyncClient(transport=transport, base_url=base))
        return opened_ones[-1]

    yield open_one
    for one in opened_ones:
        await one.aclose()
