"""The application: combines routes, middleware and handlers, and its lifespan. No logic."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import anyio.to_thread
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from app import bootstrap
from app.api import docs, v1
from app.auth.authenticator import Authenticator
from app.console.changes import ChangeWatch, look
from app.console.operation_versions import OperationVersions
from app.history.queries import find_versions
from app.http import problems
from app.http.head import HeadAsGet
from app.http.language import LanguageMiddleware
from app.http.routing import add_routes
from app.http.security import RefusalPages, middleware
from app.messages.i18n import Catalogues
from app.migrate import migrate
from app.resources import LOCALE, STATIC, TEMPLATES
from app.settings import Settings
from app.threads import run_in_threadpool
from app.web.assets import Assets
from app.web.render import make_renderer, refuse
from app.web.routes import (
    api_docs,
    as_code,
    batches,
    changes,
    containers,
    deployments,
    findings,
    health,
    history,
    images,
    operations,
    permissions,
    policies,
    preferences,
    repositories,
    roles,
    search,
    sign_in,
    sign_ins,
    why,
)
from app.web.views.frame import shell

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
# The framework's threads stream exports; pages and the API have their own.
STREAM_THREADS = 4


def create_app(settings: Settings, services: bootstrap.Services | None = None) -> FastAPI:
    """Return the console, not started yet; `services` replaces the real ones, for tests."""
    wired = services or bootstrap.build(settings)
    authenticator = Authenticator(wired.db, wired.clock, settings.auth)
    app = FastAPI(
        title="Sailpass",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_life,
        middleware=[
            Middleware(HeadAsGet),
            Middleware(LanguageMiddleware, catalogues=Catalogues(LOCALE)),
            *middleware(
                (*LOOPBACK_NAMES, *settings.allowed_hosts),
                refusals=RefusalPages(problems.unknown_host, problems.cross_origin, problems.too_large),
            ),
            # Level 9 takes twice the time of 6, for a hundredth of the size.
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6),
            sign_in.guard(authenticator),
        ],
    )
    assets = Assets(STATIC)
    app.state.services = wired
    look_now = partial(look, wired.db, wired.connection, wired.clock)
    app.state.changes = ChangeWatch(look_now, wired.clock, wired.database_threads)
    app.state.operation_versions = OperationVersions(
        lambda ids: run_in_threadpool(find_versions, wired.db, ids), wired.clock
    )
    app.state.renderer = make_renderer(TEMPLATES, assets, shell)
    app.mount("/static", assets)
    _add_all_routes(app)
    sign_in.install(app, authenticator)
    problems.install(app, refuse)
    return app


def _add_all_routes(app: FastAPI) -> None:
    for routes in (
        health,
        preferences,
        changes,
        containers,
        deployments,
        repositories,
        findings,
        images,
        policies,
        why,
        roles,
        operations,
        as_code,
        batches,
        permissions,
        history,
        search,
        sign_ins,
    ):
        add_routes(app, routes.router.routes)
    add_routes(app, batches.choosing.routes)
    add_routes(app, v1.ROUTES)
    add_routes(app, docs.router.routes)
    add_routes(app, api_docs.router(docs.document).routes)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    services: bootstrap.Services = app.state.services
    anyio.to_thread.current_default_thread_limiter().total_tokens = STREAM_THREADS
    await asyncio.to_thread(migrate, services.db)
    await services.start()
    services.start_scanning()
    app.state.ready = True
    try:
        yield
    finally:
        app.state.ready = False
        await services.stop()
