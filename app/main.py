"""The application: routes, middleware and handlers put together, and its life from start to stop. No logic."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from app import bootstrap
from app.api import docs, v1
from app.auth.authenticator import Authenticator
from app.http import problems
from app.http.language import LanguageMiddleware
from app.http.security import RefusalPages, middleware
from app.http.validation import OnlyKnownFields, OnlyText
from app.messages.i18n import load_catalogues
from app.migrate import migrate
from app.resources import LOCALE, STATIC, TEMPLATES
from app.settings import Settings
from app.web.assets import Assets
from app.web.render import make_renderer, refuse
from app.web.routes import (
    api_docs,
    containers,
    health,
    history,
    images,
    operations,
    permissions,
    policies,
    preferences,
    roles,
    sign_in,
    sign_ins,
    why,
)
from app.web.views.frame import shell

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
# Exports are streamed by threads of the framework; pages and the API have their own.
STREAM_THREADS = 4


def create_app(settings: Settings, services: bootstrap.Services | None = None) -> FastAPI:
    """The console, not started yet; `services` are other parts than the real ones, for tests."""
    wired = services or bootstrap.build(settings)
    authenticator = Authenticator(wired.db, wired.clock, settings.auth)
    app = FastAPI(
        title="Sailpass",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_life,
        dependencies=[OnlyText, OnlyKnownFields],
        middleware=[
            Middleware(LanguageMiddleware, catalogues=load_catalogues(LOCALE)),
            *middleware(
                (*LOOPBACK_NAMES, *settings.allowed_hosts),
                refusals=RefusalPages(problems.cross_origin, problems.too_large),
            ),
            Middleware(GZipMiddleware, minimum_size=1000),
            sign_in.guard(authenticator),
        ],
    )
    assets = Assets(STATIC)
    app.state.services = wired
    app.state.renderer = make_renderer(TEMPLATES, assets, shell)
    app.mount("/static", assets)
    for routes in (
        health,
        preferences,
        containers,
        images,
        policies,
        why,
        roles,
        operations,
        permissions,
        history,
        sign_ins,
    ):
        app.include_router(routes.router)
    sign_in.install(app, authenticator)
    app.include_router(v1.router)
    app.include_router(docs.router)
    app.include_router(api_docs.router(docs.document))
    problems.install(app, refuse)
    return app


def prepare_routes(app: FastAPI) -> None:
    """Build what FastAPI would build at the first request, and on the loop: a quarter of a second for all routes."""
    for _ in iter_route_contexts(app.routes):
        pass


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    services: bootstrap.Services = app.state.services
    anyio.to_thread.current_default_thread_limiter().total_tokens = STREAM_THREADS
    await asyncio.gather(asyncio.to_thread(migrate, services.db), asyncio.to_thread(prepare_routes, app))
    await services.start()
    services.start_scanning()
    app.state.ready = True
    try:
        yield
    finally:
        app.state.ready = False
        await services.stop()
