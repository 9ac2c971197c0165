"""What texts anybody may send: what no database takes as text is refused here, before any route sees it.

A new route is guarded without a word of its own, since the whole application depends on `only_text`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fastapi import Depends, Request

from app.errors import Problem

# PostgreSQL takes no NUL, and neither database takes half of a pair of surrogates.
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def only_text(request: Request) -> None:
    """Every part of the address and every field of a form is text. Raises Problem `request.no_text`.

    Bodies in JSON are held to their schemas instead.
    """
    form = await request.form() if request.headers.get("content-type", "").startswith(_FORMS) else None
    fields = [*request.query_params.multi_items(), *(form.multi_items() if form else ())]
    if any(_NO_TEXT.search(text) for text in _texts(request.path_params, fields)):
        raise Problem("request.no_text")


def _texts(parts: dict[str, str], fields: list[tuple[str, object]]) -> Iterator[str]:
    yield from parts.values()
    for name, value in fields:
        yield name
        if isinstance(value, str):
            yield value


OnlyText = Depends(only_text)
