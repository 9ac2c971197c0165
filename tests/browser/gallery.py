"""The example pages on a real server, with enough behavior behind them to test their scripts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from app.api import docs
from app.console.paging import page_of
from app.errors import Problem
from app.http.language import LanguageMiddleware
from app.http.security import middleware
from app.messages.i18n import Catalogues
from app.web.assets import Assets
from app.web.render import make_renderer, nothing_new, refuse, render
from app.web.views.add_repository import RepositoryOption, RepositoryOptions
from app.web.views.api_reference import reference
from app.web.views.frame import Shell
from app.web.views.grant_check import GrantCheckView
from app.web.views.operation import UnknownOperation, progress_dialog
from tests.console import ROOT
from tests.web.examples import Examples

EXAMPLES = Examples()
# The API's reference has no examples but itself.
VIEWS = {**dict(EXAMPLES.all()), "api-docs": reference(docs.document(), "http://127.0.0.1:8000")}
SERVICE = "/containers/{region}/{service}"
REPOSITORIES = ("payments/api", "payments/worker", "storefront/web", "tools/cli")
# What the polls of one operation answer, one after the other.
PICTURES = [
    EXAMPLES.progress_view(done=0),
    None,
    EXAMPLES.progress_view(done=2),
    EXAMPLES.progress_view(done=3),
    EXAMPLES.succeeded_view(),
]


def show(request: Request) -> Response:
    return render(request, VIEWS[request.path_params["name"]])


def containers(request: Request) -> Response:
    page, word = EXAMPLES.containers(), request.query_params.get("q", "")
    if not word:
        return nothing_new()
    rows = tuple(row for row in page.listed.items if word in row.service.name)
    return render(request, replace(page, query=word, listed=page_of(rows, 1)))


def images_of_repository(request: Request) -> Response:
    return render(request, VIEWS["repository-images"])


def log(request: Request) -> Response:
    view = VIEWS["log"]
    question = replace(view.question, version=int(request.path_params["version"]))
    return render(request, replace(view, question=question))


def options(request: Request) -> Response:
    word = request.query_params.get("repository", "")
    found = tuple(RepositoryOption(name, added=name == "storefront/web") for name in REPOSITORIES if word in name)
    return render(request, RepositoryOptions(found, str(request.url), word))


def dialog(request: Request) -> Response:
    return render(request, VIEWS[{"new": "add"}.get(request.path_params["verb"], request.path_params["verb"])])


async def add(request: Request) -> Response:
    name = str((await request.form())["repository"])
    if name == "breaks":
        raise RuntimeError(name)
    if name not in REPOSITORIES:
        refused = EXAMPLES.add_dialog(
            typed=name, refused=Problem("repository.bad_name", repository=name), nearest=("tools/cli",)
        )
        return render(request, refused, status=422)
    request.app.state.looks = 0
    return render(request, progress_dialog(replace(PICTURES[0], in_dialog=True)))


def progress(request: Request) -> Response:
    if request.path_params["id"] == "forgotten":
        return render(request, UnknownOperation("forgotten"), status=404)
    request.app.state.looks += 1
    picture = PICTURES[min(request.app.state.looks, len(PICTURES) - 1)]
    return render(request, replace(picture, in_dialog=True)) if picture else nothing_new()


def refusal(request: Request, error: Exception) -> Response:
    return refuse(request, error.status_code if isinstance(error, HTTPException) else 500)


def make_app() -> Starlette:
    assets = Assets(ROOT / "static")
    app = Starlette(
        routes=[
            Route("/p/{name}", show),
            Route(SERVICE + "/repositories/options", options),
            Route(SERVICE + "/repositories/check", lambda request: render(request, GrantCheckView())),
            Route(SERVICE + "/repositories", add, methods=["POST"]),
            Route(SERVICE + "/repositories/{verb}", dialog),
            Route(SERVICE + "/role/{verb}", dialog),
            Route(SERVICE + "/deployments/{version}/log", log),
            Route(SERVICE + "/deployments/preview", lambda request: render(request, VIEWS["deploy-preview"])),
            Route("/operations/{id}/progress", progress),
            Route("/search", lambda request: render(request, VIEWS["search"])),
            Route("/operations/{id}/details", lambda request: render(request, VIEWS["operation-details-done"])),
            # What pages that look again by themselves ask for.
            Route("/containers", containers),
            Route("/batches/{id}", lambda _: nothing_new()),
            Route("/repositories/{region}/{name:path}", images_of_repository),
            Route(SERVICE, lambda _: nothing_new()),
            Route(SERVICE + "/{tab}", lambda _: nothing_new()),
            Mount("/static", assets),
        ],
        middleware=[
            *middleware(["127.0.0.1"]),
            Middleware(LanguageMiddleware, catalogues=Catalogues(ROOT / "locale")),
        ],
        exception_handlers={HTTPException: refusal, RuntimeError: refusal},
    )
    app.state.looks = 0
    app.state.renderer = make_renderer(
        ROOT / "templates", assets, lambda _: Shell(person="mika", account="123456789012")
    )
    return app


@contextmanager
def serving() -> Iterator[str]:
    """The address of the gallery while it is open."""
    server = uvicorn.Server(uvicorn.Config(make_app(), port=0, log_level="error", timeout_graceful_shutdown=1))
    with server.config.bind_socket() as listening:
        port = listening.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join()
