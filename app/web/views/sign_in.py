"""The way in: where the sign-in link is, and the page that asks before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.web.views.base import View


@dataclass(frozen=True)
class SignInPage(View):
    """GET /sign-in: where the link is. `failed`: the one that was used is wrong, used up or too old. `next`: where to."""

    page: ClassVar[str] = "pages/sign_in.html"

    next: str = "/"
    failed: bool = False


@dataclass(frozen=True)
class SignInWithLinkPage(View):
    """GET /sign-in?link=…: asks to go on. Opening a link must not use it up: chats, mail and proxies open links too."""

    page: ClassVar[str] = "pages/sign_in_with_link.html"

    link: str
    next: str = "/"
