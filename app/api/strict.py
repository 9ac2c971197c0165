"""Refuses what a route would silently ignore: unknown and repeated parameters and fields, and an unexpected body.

A misspelt `previewed` must not turn “as shown” into “whatever is right at that time”.
"""

from __future__ import annotations

import json
from typing import Any, Self

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.http.request_names import LONGEST, MOST, hint, query_names, repeated, unknown

Refusal = dict[str, Any]

UNKNOWN = "unknown_field"

# Some programs send these as an empty body.
EMPTY_BODIES = frozenset({b"", b"{}", b"null"})


class RequestBody(BaseModel):
    """The body of a request: only known fields, exactly of their types."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_field_that_was_meant(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            field_names = tuple(cls.model_fields)
            lines = [_line(each, field_names) for each in error.errors(include_url=False)[:MOST]]
            raise ValidationError.from_exception_data(error.title, lines) from error


def _line(error: Any, allowed: tuple[str, ...]) -> InitErrorDetails:
    kind: Any = error["type"]
    if kind == "extra_forbidden":
        # pydantic would fill in a template with braces, so the hint is one of its values.
        kind = PydanticCustomError(UNKNOWN, "{hint}", {"hint": hint(str(error["loc"][-1]), allowed)})
    elif kind == UNKNOWN:  # named by the part of the body that holds it
        kind = PydanticCustomError(UNKNOWN, "{hint}", error["ctx"])
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {}))


async def understood(request: Request) -> None:
    """Refuse what the route does not know. Raises RequestValidationError, which lists each part."""
    route: APIRoute = request.scope["route"]
    names = [name for name, _ in request.query_params.multi_items()]
    allowed = query_names(route.dependant)
    refusals = [
        *(_refusal(name, "unknown_parameter", hint(name, allowed), where="query") for name in unknown(names, allowed)),
        *(_refusal(name, "repeated_parameter", "given more than once", where="query") for name in repeated(names)),
    ]
    body, kind = await request.body(), request.headers.get("content-type", "")
    refusals += _of_body(body, kind, takes=route.body_field is not None)
    if refusals:
        raise RequestValidationError(refusals)


def _of_body(body: bytes, kind: str, *, takes: bool) -> list[Refusal]:
    if takes and body and not _is_json(kind):
        wrong = f"“{kind[:LONGEST]}” isn't read; send application/json" if kind else "send application/json"
        return [_refusal("Content-Type", "content_type", wrong, where="header")]
    if takes:
        return [_refusal(name, "repeated_field", "given more than once") for name in _repeated_fields(body)]
    if body.strip() in EMPTY_BODIES:
        return []
    return [{"type": "unknown_body", "loc": ("body",), "msg": "this route takes no body", "input": None}]


def _is_json(kind: str) -> bool:
    media = kind.partition(";")[0].strip().lower()
    return media == "application/json" or (media.startswith("application/") and media.endswith("+json"))


def _repeated_fields(body: bytes) -> tuple[str, ...]:
    """Return the names that an object in a JSON text repeats; none if it is not JSON, which FastAPI reports."""
    duplicates: list[str] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        duplicates.extend(repeated(name for name, _ in pairs))
        return dict(pairs)

    try:
        json.loads(body, object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return ()
    return tuple(dict.fromkeys(duplicates))[:MOST]


def _refusal(name: str, kind: str, why: str, *, where: str = "body") -> Refusal:
    return {"type": kind, "loc": (where, name[:LONGEST]), "msg": why, "input": None}
