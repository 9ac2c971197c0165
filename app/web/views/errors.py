"""Error pages by status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.console.nearest import nearest_of, others_of
from app.errors import Problem
from app.web import links
from app.web.views.base import View
from app.wording import N_, Message


@dataclass(frozen=True)
class ErrorPage(View):
    """A refusal as a page, or as a message above the page that the reader is on.

    It shows `problem` if there is one, else `what` and `todo`. `nearest` are pages that may be meant: text and URL.
    """

    page: ClassVar[str] = "pages/error.html"
    partial: ClassVar[str] = "partials/error_flash.html"

    status: int
    title: Message
    what: Message | None = None
    todo: Message | None = None
    problem: Problem | None = None
    nearest: tuple[tuple[str, str], ...] = ()


_TITLES = {
    400: N_("Invalid request"),
    401: N_("Sign in first"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("Not supported here"),
    409: N_("Not now"),
    413: N_("Too large"),
    422: N_("Something is missing or wrong"),
    429: N_("Too many tries"),
    500: N_("Something went wrong"),
    502: N_("AWS gave no proper answer"),
    503: N_("Not available at the moment"),
    504: N_("AWS did not answer in time"),
}

_SENTENCES = {
    400: (N_("The server could not read the request."), N_("Go back, reload the page and try again.")),
    401: (N_("Sign in to see this page."), N_("Use the sign-in link that the server printed.")),
    403: (
        N_("The request came from another site's page."),
        N_(
            "Open Sailpass itself and try again. If that doesn't help, the proxy in front of Sailpass changes the "
            "Host header: it has to pass it on."
        ),
    ),
    404: (N_("Page not found."), N_("Find it in the list of containers.")),
    405: (
        N_("This address only accepts a form."),
        N_("Go back and use the buttons on the page, or open a page below."),
    ),
    413: (N_("What you entered is too long."), N_("Shorten it, then try again.")),
    422: (N_("The request is incomplete."), N_("Go back, fill in the form and send it again.")),
    500: (N_("Something went wrong on the server."), N_("Try again; the server's log says what it was.")),
    503: (N_("The server is starting, stopping or too busy."), N_("Try again in a moment.")),
}


def error_page(status: int, *, problem: Problem | None = None, above: str = "") -> ErrorPage:
    """Return the page for `status`; a problem's own sentences are preferred over those of its status.

    `above` is the page that the refused address belongs to, if there is one.
    """
    known_status = status if status in _TITLES else (500 if status >= 500 else 400)
    what, todo = _SENTENCES.get(known_status, _SENTENCES[500])
    return ErrorPage(
        status=status,
        title=Message(_TITLES[known_status]),
        what=None if problem else Message(what),
        todo=None if problem else Message(todo),
        problem=problem,
        nearest=_nearest(problem) if problem and problem.code == "service.not_found" else _above(above),
    )


def _above(path: str) -> tuple[tuple[str, str], ...]:
    return ((path, path),) if path else ()


def _nearest(missing: Problem) -> tuple[tuple[str, str], ...]:
    """Return the services that may be meant: of the same name elsewhere, or of a similar one in the Region."""
    region, name = str(missing.params["region"]), str(missing.params["service"])
    elsewhere = [(other, name) for other in others_of(missing)]
    similar = [(region, other) for other in nearest_of(missing)]
    return tuple((f"{name} ({region})", links.service(region, name)) for region, name in (*elsewhere, *similar))
