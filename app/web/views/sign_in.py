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
