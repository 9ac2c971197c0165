"""The page behind a sign-in link: one button. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.web.pages import View


@dataclass(frozen=True)
class SignInWithLinkPage(View):
    """GET /sign-in?link=…: asks to go on. Opening a link must not use it up: chats, mail and proxies open links too."""

    page: ClassVar[str] = "pages/sign_in_with_link.html"

    link: str
    next: str = "/"
