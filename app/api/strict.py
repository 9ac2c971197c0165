"""Refuses what a route would drop in silence: unknown and repeated parameters and fields, and a body where none is taken.

A misspelt `previewed` must not turn “as it was shown” into “whatever is right then”.
"""

from __future__ import annotations

import json
from typing import Any, Self

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from app.http.near_names import LONGEST, MOST, hint, query_names, repeated, unknown

Refusal = dict[str, Any]

# What some programs send where they have nothing to say.
EMPTY_BODIES = frozenset({b"", b"{}", b"null"})


class RequestBody(BaseModel):
    """What a program sends: exactly the fields that are known, exactly of their types."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_field_that_was_meant(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(data)
        except ValidationError as error:
            known = tuple(cls.model_fields)
            lines = [_line(each, known) for each in error.errors(include_url=False)[:MOST]]
            raise ValidationError.from_exception_data(error.title, lines) from error


def _line(error: Any, known: tuple[str, ...]) -> InitErrorDetails:
    kind: Any = error["type"]
    if kind == "extra_forbidden":
        # A template with braces would be filled in by pydantic: the hint is one of its values.
        kind = PydanticCustomError("unknown_field", "{hint}", {"hint": hint(str(error["loc"][-1]), known)})
    return InitErrorDetails(type=kind, loc=error["loc"], input=error["input"], ctx=error.get("ctx", {}))


async def understood(request: Request) -> None:
    """Refuse what the route does not know. Raises RequestValidationError, which names each of it."""
    route: APIRoute = request.scope["route"]
    names = [name for name, _ in request.query_params.multi_items()]
    known = query_names(route.dependant)
    refusals = [
        *(_refusal(name, "unknown_parameter", hint(name, known), where="query") for name in unknown(names, known)),
        *(_refusal(name, "repeated_parameter", "given more than once", where="query") for name in repeated(names)),
    ]
    refusals += _of_body(await request.body(), takes=route.body_field is not None)
    if refusals:
        raise RequestValidationError(refusals)


def _of_body(body: bytes, *, takes: bool) -> list[Refusal]:
    if takes:
        return [_refusal(name, "repeated_field", "given more than once") for name in _repeated_fields(body)]
    if body.strip() in EMPTY_BODIES:
        return []
    return [{"type": "unknown_body", "loc": ("body",), "msg": "this route takes no body", "input": None}]


def _repeated_fields(body: bytes) -> tuple[str, ...]:
    """The names that an object in a JSON text holds twice; none where it is no JSON, which FastAPI tells."""
    found: list[str] = []

    def keep(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found.extend(repeated(name for name, _ in pairs))
        return dict(pairs)

    try:
        json.loads(body, object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return ()
    return tuple(dict.fromkeys(found))[:MOST]


def _refusal(name: str, kind: str, why: str, *, where: str = "body") -> Refusal:
    return {"type": kind, "loc": (where, name[:LONGEST]), "msg": why, "input": None}
