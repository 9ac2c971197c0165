"""Turns the OpenAPI document into a page for people: every route with its parameters and responses. Pure.

The page comes from the document alone, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.web.views.base import View

Schema = Mapping[str, Any]

REFERENCE = "#/components/schemas/"


@dataclass(frozen=True)
class ApiType:
    """The type of a value: a description, and the name of its schema if it has one (`link`)."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class ApiField:
    """A value of a request or response; `where` is path or query for parameters."""

    name: str
    type: ApiType
    required: bool = False
    description: str = ""
    where: str = ""


@dataclass(frozen=True)
class ApiAnswer:
    """A status and its content."""

    status: str
    description: str
    type: ApiType | None = None


@dataclass(frozen=True)
class ApiOperation:
    """One route."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[ApiField, ...]
    body: ApiType | None
    answers: tuple[ApiAnswer, ...]


@dataclass(frozen=True)
class ApiGroup:
    """Related routes."""

    name: str
    operations: tuple[ApiOperation, ...]


@dataclass(frozen=True)
class ApiShape:
    """A named JSON schema."""

    name: str
    description: str
    fields: tuple[ApiField, ...]


@dataclass(frozen=True)
class ApiReference(View):
    """GET /api/docs; `origin` is the URL under which the reader reaches the console, `description` its paragraphs."""

    page: ClassVar[str] = "pages/api_docs.html"

    origin: str
    description: tuple[str, ...]
    groups: tuple[ApiGroup, ...]
    shapes: tuple[ApiShape, ...]


def reference(document: Schema, origin: str) -> ApiReference:
    """Return the page of an OpenAPI document."""
    groups: dict[str, list[ApiOperation]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append(_operation(method, path, operation))
    shapes = document["components"]["schemas"]
    return ApiReference(
        origin=origin,
        description=tuple(document["info"]["description"].split("\n\n")),
        groups=tuple(ApiGroup(name, tuple(operations)) for name, operations in groups.items()),
        shapes=tuple(_shape(name, shapes[name]) for name in sorted(shapes)),
    )


def _operation(method: str, path: str, operation: Schema) -> ApiOperation:
    return ApiOperation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        parameters=tuple(_parameter(each) for each in operation.get("parameters", ())),
        body=_content(operation.get("requestBody")),
        answers=tuple(
            ApiAnswer(status, answer["description"], _content(answer))
            for status, answer in sorted(operation["responses"].items())
        ),
    )


def _content(holder: Schema | None) -> ApiType | None:
    content = (holder or {}).get("content", {}).get("application/json")
    return type_of(content["schema"]) if content else None


def _parameter(parameter: Schema) -> ApiField:
    said = parameter.get("description", "")
    return ApiField(
        parameter["name"], type_of(parameter["schema"]), parameter.get("required", False), said, parameter["in"]
    )


def _shape(name: str, schema: Schema) -> ApiShape:
    required = schema.get("required", ())
    fields = tuple(
        ApiField(field, type_of(value), field in required, value.get("description", ""))
        for field, value in schema.get("properties", {}).items()
    )
    description = schema.get("description", "")
    if "enum" in schema:
        description = f"{description} {_one_of(schema['enum'])}".strip()
    return ApiShape(name, description, fields)


def type_of(schema: Schema) -> ApiType:
    """Return a schema's type in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REFERENCE)
        return ApiType(name, name)
    if "anyOf" in schema:
        kinds = [type_of(each) for each in schema["anyOf"]]
        return ApiType(" or ".join(kind.text for kind in kinds), next((kind.link for kind in kinds if kind.link), ""))
    if schema.get("type") == "array":
        item = type_of(schema["items"])
        return ApiType(f"list of {item.text}", item.link)
    return ApiType(" ".join(_words(schema)))


def _words(schema: Schema) -> Iterator[str]:
    if "enum" in schema:
        yield _one_of(schema["enum"])
    elif "const" in schema:
        yield _one_of([schema["const"]])
    elif schema.get("format") == "date-time":
        yield "time (ISO 8601)"
    else:
        yield str(schema.get("type", "any value"))
    if "default" in schema:
        yield f"(default: {schema['default']!s})" if schema["default"] != "" else "(default: empty)"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        yield f"from {low:g} to {high:g}"


def _one_of(values: list[str]) -> str:
    return "one of " + ", ".join(values)
