"""The OpenAPI document of the API."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.responses import JSONResponse, Response

from app.api import v1
from app.auth.rules import COOKIE
from app.errors import Problem
from app.http.problems import status_of
from app.http.routing import ThreadedRoute
from app.http.validation import OnlyText
from app.messages.problems import WORDS

router = APIRouter(dependencies=[OnlyText], include_in_schema=False, route_class=ThreadedRoute)

DESCRIPTION = (
    "Everything that the console does, as JSON. What starts work answers at once with 202, the operation, and its "
    "address in Location: ask there until its outcome is set. The same asked for twice is one operation. Send "
    "“Authorization: Bearer …” with a token that “sailpass token” printed: with scope read for what changes nothing, "
    "with scope change for the rest; where sign-in is off none is needed. "
    "Every refusal has the same shape, ProblemBody: key on its code; x-problem-codes of that field lists all codes of this "
    "release, each with its HTTP status. Unknown and repeated parameters and fields are "
    "refused with 422 and the name that was probably meant. A repository is named by its name, its URI or its ARN. "
    "What is refused before the request is understood is one plain sentence: 400 for a wrong Host, 408, 431, or 503 when "
    "too many connections are open."
)
SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token that `sailpass token` printed."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": f"{COOKIE}_8000",
        "description": "A signed-in browser. The name ends in the port of the console's address.",
    },
}


@cache
def document() -> dict[str, Any]:
    """Return the OpenAPI document of version 1."""
    made = get_openapi(title="Sailpass", version=version("sailpass"), description=DESCRIPTION, routes=v1.ROUTES)
    made["components"]["securitySchemes"] = SECURITY
    code = made["components"]["schemas"]["ProblemBody"]["properties"]["code"]
    code["x-problem-codes"] = {
        code_name: status_of(Problem(code_name)) for code_name in sorted(WORDS) if "/" not in code_name
    }
    made["security"] = [{name: []} for name in SECURITY]
    return made


@router.get("/api/openapi.json")
def openapi() -> Response:
    """The OpenAPI document, for programs."""
    return JSONResponse(document())
