"""The sign-in pages: where to find the sign-in link, and the confirmation before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.web.views.base import View


@dataclass(frozen=True)
class SignInPage(View):
    """GET /sign-in: where to find the link. `failed`: it is wrong, used or expired. `next`: where to go afterwards."""

    page: ClassVar[str] = "pages/sign_in.html"

    next: str = "/"
    failed: bool = False


@dataclass(frozen=True)
class SignInWithLinkPage(View):
    """GET /sign-in?link=…: asks to continue. Opening a link doesn't use it up: chats and mail open links too."""

    page: ClassVar[str] = "pages/sign_in_with_link.html"

    link: str
    next: str = "/"


@dataclass(frozen=True)
class SessionEndedPage(View):
    """What was sent without a session (answer it with status 401): nothing was done, and what was entered is kept.

    As a part, it is a message above the page or dialog, which stays as it is; `is_form`: a form was sent, and not what
    the page asks for by itself, such as how an operation goes. As a page, it sends `fields` of a plain form to `action`
    again.
    """

    page: ClassVar[str] = "pages/session_ended.html"
    partial: ClassVar[str] = "partials/session_ended.html"

    sign_in_url: str
    action: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    is_form: bool = True
