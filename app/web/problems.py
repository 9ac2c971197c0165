"""From a refusal to its answer: which status a problem has, and the page, message or JSON that tells it.

Whatever a route raises ends here, so that routes catch nothing.
"""

from __future__ import annotations

import json
import logging
import uuid

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from app.auth.rules import is_for_programs
from app.errors import Problem
from app.problem_words import what_happened, what_to_do
from app.web.allowing import iam_statement
from app.web.pages_errors import error_page
from app.web.render import refuse

log = logging.getLogger(__name__)

LONGEST_PATH = 200
# By code, then by its first part; anything else is something that the reader asked for and cannot have.
STATUS = {
    "internal": 500,
    "operation.not_found": 404,
    "service.not_found": 404,
    "repository.not_found": 404,
    "policy.not_found": 404,
    "operation.not_ended": 409,
    "operation.nothing_to_undo": 409,
    "policy.undo_conflict": 409,
    "policy.changed_meanwhile": 409,
    "region.not_configured": 404,
    "auth.link_not_found": 404,
    "auth.session_not_found": 404,
    "auth.token_not_found": 404,
    "request.cross_origin": 403,
    "request.not_found": 404,
    "request.wrong_method": 405,
    "request": 400,
    "request.invalid": 422,
    "request.no_text": 422,
    "aws.access_denied": 403,
    "aws.unreachable": 504,
    "aws.slow": 504,
    "aws.throttled": 503,
    "aws": 502,
}


def status_of(problem: Problem) -> int:
    """The HTTP status that tells a program what kind of refusal it is."""
    return STATUS.get(problem.code, STATUS.get(problem.code.partition(".")[0], 422))


def as_json(problem: Problem) -> dict[str, object]:
    """The problem as the API tells it."""
    statement = iam_statement(problem, account="")
    return {
        "code": problem.code,
        "message": what_happened(problem),
        "what_to_do": what_to_do(problem),
        "retryable": problem.retryable,
        "aws_code": problem.aws_code,
        "aws_message": problem.aws_message,
        "request_id": problem.request_id,
        "params": problem.params,
        "iam_statement": json.loads(statement) if statement else None,
    }


def cross_origin(request: Request) -> Response:
    """Answer a write that another site's page sent."""
    if is_for_programs(request.url.path):
        return JSONResponse(as_json(Problem("request.cross_origin")), 403)
    return refuse(request, error_page(403))


def install(app: FastAPI) -> None:
    """Answer every refusal and every failure of `app`."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failure)


def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  (registered for it)
    status = status_of(error)
    if is_for_programs(request.url.path):
        return JSONResponse(as_json(error), status)
    return refuse(request, error_page(status, problem=error))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
    if is_for_programs(request.url.path):
        return JSONResponse(as_json(_of_status(request, error.status_code)), error.status_code, error.headers)
    return refuse(request, error_page(error.status_code))


def _of_status(request: Request, status: int) -> Problem:
    """What the framework refused by itself, as a problem."""
    path = request.url.path[:LONGEST_PATH]
    if status == 404:
        return Problem("request.not_found", path=path)
    if status == 405:
        return Problem("request.wrong_method", method=request.method, path=path)
    return Problem("request.refused", status=status)


def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
    if is_for_programs(request.url.path):
        detail = [{"where": list(each["loc"]), "message": each["msg"]} for each in error.errors()]
        first = detail[0]
        where = " / ".join(str(part) for part in first["where"])
        problem = Problem("request.invalid", where=where, why=first["message"])
        return JSONResponse({**as_json(problem), "detail": detail}, 422)
    return refuse(request, error_page(422))


def _failure(request: Request, error: Exception) -> Response:
    """The edge of a request: whatever nobody foresaw is logged, and told with a reference to find it by."""
    reference = uuid.uuid4().hex[:12]
    log.error("%s %s failed, reference %s", request.method, request.url.path, reference, exc_info=error)
    return _problem(request, Problem("internal", reference=reference))
