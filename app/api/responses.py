"""What the documentation says of answers beside the plain one. Answers nothing itself."""

from __future__ import annotations

from typing import Any

from app.api.schemas.problems import ProblemBody

WORDS = {
    400: "The body could not be read.",
    401: "No session and no token that counts.",
    403: "The token's scope doesn't include it, AWS doesn't allow it, or the request came from another site's page.",
    404: "There is no such service, repository or operation.",
    409: "The operation is not in a state for that.",
    413: "The request is too large.",
    422: "The request is not of the expected form, says what this route does not know, or asks for what cannot be.",
    500: "Something went wrong inside Sailpass; the server's log has the reference.",
    502: "AWS refused or failed.",
    503: "The console, its database or AWS takes no more requests for the moment: try again soon.",
    504: "AWS did not answer in time.",
}
# What any route may answer, whatever it does.
ALWAYS = (400, 401, 403, 413, 422, 500, 503)
# What comes of asking AWS, beside a refusal by IAM.
AWS = (404, 502, 504)

Responses = dict[int | str, dict[str, Any]]


def refusals(*statuses: int) -> Responses:
    """The refusals of a route, as FastAPI takes them; all have one shape."""
    return {status: {"model": ProblemBody, "description": WORDS[status]} for status in statuses}


def started(*statuses: int) -> Responses:
    """What a route answers that starts an operation, and its refusals."""
    address = {"description": "Where to ask how it stands.", "schema": {"type": "string"}}
    accepted = {"description": "It was started, or was found running.", "headers": {"Location": address}}
    return {202: accepted, **refusals(*statuses)}
