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
    "Everything the console does, as JSON.\n\n"
    "Authentication: send “Authorization: Bearer …” with a token that “sailpass token” printed. Requests that change "
    "nothing need the scope read, all others the scope change. Where sign-in is off, no token is needed.\n\n"
    "Operations: a request that starts work returns 202 with the operation, and its URL in Location. Read that URL until "
    "outcome is set. Starting the same operation twice returns the one that is running.\n\n"
    "Errors: every error has the same body, ProblemBody. Rely on its code: x-problem-codes of that field lists every code "
    "of this release with its HTTP status. Unknown or repeated parameters and fields return 422 with the closest valid "
    "name. A request that can't be parsed gets one plain sentence: 400 for an unknown Host, 408, 431, or 503 when too many "
    "connections are open.\n\n"
    "Names: a repository is given by its name, its URI or its ARN."
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
