"""Error pages by status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.errors import Problem
from app.web.views.base import View
from app.wording import N_, Said


@dataclass(frozen=True)
class ErrorPage(View):
    """A refusal as a page, or as a message above the page that the reader is on.

    `problem` is told where there is one, else `what` and `todo`.
    """

    page: ClassVar[str] = "pages/error.html"
    partial: ClassVar[str] = "partials/error_flash.html"

    status: int
    title: Said
    what: Said | None = None
    todo: Said | None = None
    problem: Problem | None = None


_TITLES = {
    400: N_("This request makes no sense"),
    401: N_("Sign in first"),
    403: N_("Not allowed"),
    404: N_("Not found"),
    405: N_("This cannot be done here"),
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
    401: (N_("This page is for people who are signed in."), N_("Use the sign-in link that the server printed.")),
    403: (
        N_("The request came from another site, or you may not do this."),
        N_("Open Sailpass itself and do it from there."),
    ),
    404: (N_("There is nothing at this address."), N_("Look for it from the list of containers.")),
    405: (N_("This address takes no such request."), N_("Go back and use the buttons of the page.")),
    413: (N_("More was sent than this address takes."), N_("Send less.")),
    422: (N_("The server did not get what it needs."), N_("Go back, fill in the form and send it again.")),
    500: (N_("Something went wrong on the server."), N_("Try again; the server's log says what it was.")),
    503: (N_("The server is starting, stopping or too busy."), N_("Try again in a moment.")),
}


def error_page(status: int, *, problem: Problem | None = None) -> ErrorPage:
    """The page for `status`; a problem's own sentences win over those of its status."""
    known = status if status in _TITLES else (500 if status >= 500 else 400)
    what, todo = _SENTENCES.get(known, _SENTENCES[500])
    return ErrorPage(
        status=status,
        title=Said(_TITLES[known]),
        what=None if problem else Said(what),
        todo=None if problem else Said(todo),
        problem=problem,
    )
