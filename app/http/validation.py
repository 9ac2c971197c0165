"""Validates text in requests: refuses what no database accepts as text, before any route sees it.

New routes need no code for it, since the whole application depends on `only_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import Depends, Request
from starlette.datastructures import FormData

from app.auth.rules import is_for_programs
from app.errors import Problem
from app.http.request_names import LONGEST, form_fields, repeated, unknown

# PostgreSQL accepts no NUL, and neither database accepts half of a surrogate pair.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def only_text(request: Request) -> None:
    """Check that every part of the URL and every form field is text. Raises Problem `request.no_text`.

    JSON bodies are validated by their schemas instead.
    """
    form = await _form(request)
    fields = [*request.query_params.multi_items(), *(form.multi_items() if form else ())]
    if any(_NO_TEXT.search(text) for text in _texts(request.path_params, fields)):
        raise Problem("request.no_text")


async def only_known_fields(request: Request) -> None:
    """Check that the route knows every field of a page's form, and that none is repeated.

    A page of another release may send other fields: dropping them silently could lose what the person chose. Queries of
    pages are not checked: they change nothing.

    Raises:
        Problem: `request.unknown_field`, `request.repeated_field`.
    """
    form = await _form(request)
    if form is None:
        return
    names = [name for name, _ in form.multi_items()]
    taken = form_fields(request.scope["route"].dependant)
    for name in unknown(names, tuple(taken)):
        raise Problem("request.unknown_field", field=name[:LONGEST])
    for name in repeated(name for name in names if not taken[name]):
        raise Problem("request.repeated_field", field=name)


def as_text(text: str) -> str:
    """Return a text with what can't be encoded replaced, such as half of a surrogate pair."""
    return text.encode(errors="replace").decode()


async def _form(request: Request) -> FormData | None:
    """Return the form that a page sent, or None; programs send none."""
    is_form = request.headers.get("content-type", "").startswith(_FORMS)
    return await request.form() if is_form and not is_for_programs(request.url.path) else None


def _texts(parts: dict[str, str], fields: list[tuple[str, object]]) -> Iterator[str]:
    yield from parts.values()
    for name, value in fields:
        yield name
        if isinstance(value, str):
            yield value


OnlyText = Depends(only_text)
OnlyKnownFields = Depends(only_known_fields)
