"""The OpenAPI document's schemas of each request, to validate every response in a test."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

from app.api.docs import document

METHODS = ("get", "post", "put", "patch", "delete")


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    paths = document()["paths"].items()
    return [(_pattern(path), operations) for path, operations in paths]


def _pattern(path: str) -> re.Pattern[str]:
    # A repository's name has slashes of its own; it stands at the end.
    name = "/repositories/{region}/{name}"
    begin = path.removesuffix(name)
    rest = "" if begin == path else "/repositories/[^/]+/.+"
    return re.compile(re.sub(r"\{\w+\}", "[^/]+", begin) + rest)


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """Return the operation of a request, or None."""
    plain = unquote(urlsplit(path).path)
    patterns = _patterns()
    for pattern, operations in [each for each in patterns if each[0].pattern == plain] or patterns:
        if pattern.fullmatch(plain) and method.lower() in operations:
            return operations[method.lower()]
    return None


def is_documented(method: str, path: str, status: int) -> bool:
    """Whether the operation may answer so. For no operation it is 404 or 405, or 307 where only a slash is too many."""
    operation = operation_of(method, path)
    if operation is None:
        return status in (307, 400, 404, 405) or "/api/v1/" not in path
    return str(status) in operation["responses"]
