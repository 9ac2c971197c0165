"""Turns a view into a response: page or partial, status, Vary, redirects. The only place that knows htmx's headers.

What is shown is decided by the views of app/web/views; routes pass a `View`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.console.iam_hint import iam_statement
from app.errors import Problem
from app.http.htmx import is_htmx
from app.http.methods import page_above
from app.messages import i18n, labels
from app.messages.numbers import number
from app.web import aws_links, formats, links, sentences
from app.web.assets import Assets
from app.web.calls import DirectCalls
from app.web.views import help as help_topics
from app.web.views.base import View
from app.web.views.errors import error_page
from app.web.views.failures import group_failures
from app.web.views.frame import Shell
from app.wording import N_

THEME_COOKIE = "sailpass_theme"
THEMES = ("light", "dark")
KEYS_COOKIE = "sailpass_keys"
KEYS_OFF = "off"
VARY = "HX-Request, Cookie, Accept-Language"
POLL_AFTER = "Poll-After"  # ours: app.js goes by it
IN_THE_DIALOG = ("#modal-body", "#repository-options")
PRODUCT = "Sailpass"
# A page that answers a form can be loaded in one way only: sent again. Back shows the browser's copy instead.
KEPT_FOR_BACK = {"Cache-Control": "private, no-cache"}


def make_environment(templates: Path, assets: Assets) -> Environment:
    """Return the templates' environment with the functions they call; undefined names raise, everything is escaped."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=sentences.shown,
        auto_reload=False,  # a new release's files are for the process that starts with them
        extensions=["jinja2.ext.i18n"],
    )
    environment.context_class = DirectCalls
    sentences.install(environment)
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(
        static=assets.url,
        link=links,
        label=labels,
        say=labels.say,
        iam_statement=iam_statement,
        grouped=group_failures,
        help=help_topics,
        aws=aws_links,
        product=PRODUCT,
        languages=i18n.LANGUAGES,
        iso=formats.iso,
        json_text=formats.json_text,
        moment=lambda when: formats.moment(when, i18n.code()),
        age=lambda when, now: formats.age(when, now, i18n.code()),
        number=lambda value: number(value, i18n.code()),
        filesize=lambda count: formats.size(count, i18n.code()),
        duration=_duration,
    )
    return environment


def _duration(seconds: float) -> str:
    return i18n.gettext(N_("less than 1 s")) if seconds < 1 else formats.duration(seconds, i18n.code())


def _no_shell(request: Request) -> Shell:  # noqa: ARG001  (the signature of every shell)
    return Shell()


@dataclass(frozen=True)
class Renderer:
    """Created once at the start and kept as `app.state.renderer`; `shell` returns what surrounds a request's page."""

    environment: Environment
    shell: Callable[[Request], Shell] = _no_shell

    def html(self, request: Request, view: View) -> str:
        """Return the view as text: its partial for htmx, else its page."""
        part = bool(view.partial) and is_htmx(request)
        return self.environment.get_template(view.partial if part else view.page).render(
            view=view,
            on_page=not part,
            shell=self.shell(request),
            language=i18n.code(),
            theme=_theme(request),
            has_keys=request.cookies.get(KEYS_COOKIE) != KEYS_OFF,
            here=_here(request),
        )


def make_renderer(root: Path, assets: Assets, shell: Callable[[Request], Shell] = _no_shell) -> Renderer:
    """Return the renderer of the templates below `root`."""
    return Renderer(make_environment(root, assets), shell)


def render(request: Request, view: View, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the view as a response: as a partial if htmx requests one, else as a whole page."""
    renderer: Renderer = request.app.state.renderer
    kept = KEPT_FOR_BACK if request.method == "POST" and not is_htmx(request) else {}
    return HTMLResponse(renderer.html(request, view), status, headers={"Vary": VARY, **kept, **(headers or {})})


def refuse(request: Request, status: int, problem: Problem | None = None) -> Response:
    """Return a refusal: as its own page, or for htmx as a message above the unchanged page."""
    above = page_above(request) if status == 405 else ""
    return render(request, error_page(status, problem=problem, above=above), status=status)


def redirect(request: Request, url: str) -> Response:
    """Return a redirect to `url`: 303 for a form, htmx's own header for htmx, which would swap in the target page."""
    if is_htmx(request):
        return Response(status_code=200, headers={"HX-Redirect": url, "Vary": VARY})
    return RedirectResponse(url, status_code=303, headers={"Vary": VARY})


def nothing_new(poll_after: float | None = None) -> Response:
    """Return 204: the poll has the newest version already. `poll_after`: the seconds until the page is to ask again."""
    pace = {} if poll_after is None else {POLL_AFTER: f"{poll_after:.2f}"}
    return Response(status_code=204, headers={"Vary": VARY, **pace})


def safe_next(url: str, default: str = "/") -> str:
    """Return `url` if it is a path of ours, else `default`: a link must not lead a reader away to another site."""
    ours = url.startswith("/") and not url.startswith(("//", "/\\")) and url.isprintable() and "\\" not in url
    return url if ours else default


def _theme(request: Request) -> str:
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def _here(request: Request) -> Mapping[str, Any]:
    """Return the navigation section, the way back for the preferences, and where messages appear."""
    url = request.url
    back = f"{url.path}?{url.query}" if url.query else url.path
    target = request.headers.get("hx-target", "")
    in_dialog = target.endswith(IN_THE_DIALOG) or request.query_params.get("place") == "dialog"
    return {
        "section": url.path.split("/")[1],
        "back": back if request.method == "GET" else "/",
        "flash": "modal-flash" if in_dialog else "flash",
    }
