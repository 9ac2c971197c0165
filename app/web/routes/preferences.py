"""The reader's language, theme and keys, kept in cookies; and the redirect from / to the list of containers."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from starlette.responses import RedirectResponse, Response

from app.http.language import LANGUAGE_COOKIE
from app.messages.i18n import LANGUAGES
from app.web import links
from app.web.render import KEYS_COOKIE, KEYS_OFF, THEME_COOKIE, THEMES, safe_next
from app.web.routers import page_router

router = page_router()

YEAR = 365 * 24 * 3600


@router.get("/")
def home() -> Response:
    """Redirect to the list of containers."""
    return RedirectResponse(links.CONTAINERS, status_code=307)


@router.post(links.PREFERENCES)
def set_preferences(
    request: Request,
    next: Annotated[str, Form()] = "/",  # noqa: A002  (the form field's name)
    language: Annotated[str, Form()] = "",
    theme: Annotated[str | None, Form()] = None,
    keys: Annotated[str, Form()] = "",
) -> Response:
    """Store the choice and redirect to where the reader was."""
    answer = RedirectResponse(safe_next(next), status_code=303)
    secure = request.url.scheme == "https"
    if language in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR, httponly=True, samesite="lax", secure=secure)
    if theme in THEMES:
        answer.set_cookie(THEME_COOKIE, theme, max_age=YEAR, httponly=True, samesite="lax", secure=secure)
    elif theme is not None:
        answer.delete_cookie(THEME_COOKIE)
    if keys == KEYS_OFF:
        answer.set_cookie(KEYS_COOKIE, keys, max_age=YEAR, httponly=True, samesite="lax", secure=secure)
    elif keys:
        answer.delete_cookie(KEYS_COOKIE)
    return answer
