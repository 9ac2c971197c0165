"""A bare application that renders the example views, with neither AWS nor a database behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest
from jinja2 import Environment
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from app.http.language import LanguageMiddleware
from app.http.security import middleware
from app.messages.i18n import Catalogues
from app.web.assets import Assets
from app.web.render import Renderer, make_environment, render
from app.web.views.base import View
from app.web.views.frame import Shell

ROOT = Path(__file__).resolve().parents[2]
SHELL = Shell(person="mika", account="123456789012", caller="arn:aws:iam::123456789012:user/mika")


@pytest.fixture(scope="session")
def catalogues() -> Catalogues:
    return Catalogues(ROOT / "locale")


@pytest.fixture(scope="session")
def assets() -> Assets:
    return Assets(ROOT / "static")


@pytest.fixture(scope="session")
def environment(assets: Assets) -> Environment:
    """The templates, compiled once for all tests."""
    return make_environment(ROOT / "templates", assets)


class Gallery(Protocol):
    def __call__(self, views: dict[str, View], shell: Shell = ...) -> Starlette: ...


@pytest.fixture(scope="session")
def gallery(environment: Environment, assets: Assets, catalogues: Catalogues) -> Gallery:
    """Makes an application that shows every view at `/p/<its name>`."""
    return lambda views, shell=SHELL: gallery_app(views, shell, environment, assets, catalogues)


def gallery_app(
    views: dict[str, View], shell: Shell, environment: Environment, assets: Assets, catalogues: Catalogues
) -> Starlette:

    def show(request: Request) -> Response:
        return render(request, views[request.path_params["name"]])

    app = Starlette(
        routes=[Route("/p/{name}", show), Mount("/static", assets)],
        middleware=[*middleware(["127.0.0.1"]), Middleware(LanguageMiddleware, catalogues=catalogues)],
    )
    app.state.renderer = Renderer(environment, lambda _: shell)
    return app
