"""Maps a Problem to its HTTP status and to the JSON or page of the response.

Routes catch nothing: every exception ends here. The caller of `install` provides the page.
"""

from __future__ import annotations

import errno
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.auth.rules import is_for_programs
from app.console.iam_hint import iam_statement
from app.console.nearest import nearest_of
from app.errors import Problem
from app.http.htmx import is_htmx
from app.http.methods import methods_of, own_routes
from app.http.security import READING
from app.http.validation import as_text
from app.messages import labels
from app.messages.details import reasons
from app.messages.problems import what_happened, what_to_do
from app.outage import is_outage
from app.threads import run_in_threadpool

log = logging.getLogger(__name__)

LONGEST_PATH = 200
PASSES_SOON = frozenset({"server.busy", "server.exhausted", "storage.unavailable"})
# Error numbers for too many open files and for lack of memory.
EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
# By code, then by its first part; any other problem is 422: what was requested can't be done.
STATUS = {
    "internal": 500,
    "operation.not_found": 404,
    "service.not_found": 404,
    "repository.not_found": 404,
    "policy.not_found": 404,
    "finding.not_found": 404,
    "finding.not_dismissed": 409,
    "operation.not_ended": 409,
    "operation.ended": 409,
    "operation.nothing_to_undo": 409,
    "policy.undo_conflict": 409,
    "policy.changed_meanwhile": 409,
    "operation.nothing_to_retry": 409,
    "operation.preview_needed": 409,
    "operation.is_batch": 409,
    "batch.not_found": 404,
    "batch.not_ended": 409,
    "batch.ended": 409,
    "batch.nothing_to_repair": 409,
    "batch.changed": 409,
    "batch.nothing_to_retry": 409,
    "batch.nothing_to_undo": 409,
    "batch.undone": 409,
    "role.deactivating": 409,
    "role.preview_outdated": 409,
    "role.was_off": 409,
    "role.unrecorded": 409,
    "role.unchanged": 409,
    "region.not_configured": 404,
    "storage": 503,
    "auth.link_not_found": 404,
    "auth.session_not_found": 404,
    "auth.token_not_found": 404,
    "request.cross_origin": 403,
    "request.not_found": 404,
    "request.wrong_method": 405,
    "request": 400,
    "request.too_large": 413,
    "request.invalid": 422,
    "request.no_text": 422,
    "request.bad_state": 422,
    "request.unknown_field": 422,
    "request.repeated_field": 422,
    "image.missing": 404,
    "aws.access_denied": 403,
    "aws.unreachable": 504,
    "aws.slow": 504,
    "aws.page_slow": 504,
    "aws.throttled": 503,
    "aws.call_lost": 504,
    "aws.credentials_slow": 504,
    "host": 503,
    "aws": 502,
    "server": 503,
}


# Renders the page for a status and, if there is one, the problem.
RefusalPage = Callable[[Request, int, Problem | None], Response]


def status_of(problem: Problem) -> int:
    """Return the HTTP status of a problem."""
    return STATUS.get(problem.code, STATUS.get(problem.code.partition(".")[0], 422))


def as_json(problem: Problem) -> dict[str, object]:
    """Return the problem in the API's form."""
    statement = iam_statement(problem, account="")
    return {
        "code": problem.code,
        "message": what_happened(problem),
        "what_to_do": what_to_do(problem),
        "retryable": problem.retryable,
        "aws_code": problem.aws_code,
        "aws_message": problem.aws_message,
        "request_id": problem.request_id,
        "params": {name: value for name, value in problem.params.items() if name != "nearest"},
        "nearest": list(nearest_of(problem)),
        "reasons": reasons(problem),
        "iam_statement": json.loads(statement) if statement else None,
    }


async def unknown_host(request: Request) -> Response:
    """Return the response to a request under a name that isn't ours. No page: it would show something of the console."""
    problem = Problem("request.unknown_host")
    if is_for_programs(request.url.path):
        return JSONResponse(as_json(problem), 400)
    return PlainTextResponse(f"{what_happened(problem)} {what_to_do(problem)}\n", 400)


async def cross_origin(request: Request) -> Response:
    """Return the response to a request from another site's page."""
    problem = Problem("request.cross_origin")
    if is_for_programs(request.url.path):
        return JSONResponse(as_json(problem), 403)
    if request.method in READING and not is_htmx(request):  # none of our pages would be shown there
        return PlainTextResponse(f"{what_happened(problem)}\n", 403)
    return await _page(request, 403)


async def too_large(request: Request) -> Response:
    """Return the response to a body that is too large."""
    if is_for_programs(request.url.path):
        return JSONResponse(as_json(Problem("request.too_large")), 413)
    return await _page(request, 413)


def install(app: FastAPI, page: RefusalPage | None = None) -> None:
    """Register handlers for every refusal and failure of `app`: with a `page` for people, with JSON for programs."""
    app.state.refusal_page = page
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(SQLAlchemyError, database_failed)
    app.add_exception_handler(Exception, _failure)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101  (registered for it)
    status = status_of(error)
    if is_for_programs(request.url.path):
        answer: Response = JSONResponse(as_json(error), status)
    else:
        answer = await _page(request, status, error)
    if error.code in PASSES_SOON:
        answer.headers["Retry-After"] = "1"
    return answer


async def database_failed(request: Request, error: Exception) -> Response:
    """Return the response after a database error: 503 if the database is unavailable, full or damaged."""
    if not is_outage(error):
        return await _failure(request, error)
    return await _problem(request, Problem("storage.unavailable", retryable=True))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for it)
    if is_for_programs(request.url.path):
        answer: Response = JSONResponse(as_json(_of_status(request, error.status_code)), error.status_code)
    else:
        answer = await _page(request, error.status_code)
    answer.headers.update(error.headers or {})
    if error.status_code == 405:
        answer.headers["Allow"] = ", ".join(methods_of(request))
    return answer


def _of_status(request: Request, status: int) -> Problem:
    """Return the problem for a request that the framework itself refused."""
    path = request.url.path[:LONGEST_PATH]
    if status == 404:
        return Problem("request.not_found", path=path)
    if status == 405:
        return Problem("request.wrong_method", method=request.method, path=path)
    if status == 400:
        return Problem("request.unreadable")
    if status == 413:
        return Problem("request.too_large")
    return Problem("request.refused", status=status)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for it)
    if any(each["loc"][0] == "path" for each in error.errors()) and own_routes(request):
        return await _http(request, HTTPException(405))
    if is_for_programs(request.url.path):
        detail = [_complaint(each) for each in error.errors()]
        first = detail[0]
        where = " / ".join(str(part) for part in first["where"])
        problem = Problem("request.invalid", where=where, why=first["message"])
        return JSONResponse({**as_json(problem), "detail": detail}, 422)
    return await _page(request, 422)


def _complaint(error: Mapping[str, Any]) -> dict[str, Any]:
    """Return one invalid part of a request as the API shows it. Names in a body may hold what is no text."""
    if error["type"] == "json_invalid":
        return {
            "where": ["body"],
            "message": f"not valid JSON at character {error['loc'][-1]}: {error['ctx']['error']}",
        }
    where = [as_text(part) if isinstance(part, str) else part for part in error["loc"]]
    return {"where": where, "message": as_text(error["msg"].removeprefix("Value error, "))}


async def _gone(request: Request, error: Exception) -> Response:  # noqa: ARG001  (the signature of every handler)
    """Return an empty response: the client disconnected, or was too slow, before its request was complete."""
    return Response(status_code=400)


async def _failure(request: Request, error: Exception) -> Response:
    """Return the response to an unexpected error: logged, and shown with a reference to find it by."""
    reference = uuid.uuid4().hex[:12]
    log.error("%s %s failed, reference %s", request.method, request.url.path, reference, exc_info=error)
    if isinstance(error, OSError) and error.errno in EXHAUSTED:
        return await _problem(request, Problem("server.exhausted", retryable=True, reason=error.strerror or ""))
    return await _problem(request, Problem("internal", reference=reference))


async def _page(request: Request, status: int, problem: Problem | None = None) -> Response:
    """Return the problem as a page; as plain text if no thread is free for the page."""
    page: RefusalPage = request.app.state.refusal_page
    try:
        return await run_in_threadpool(page, request, status, problem)
    except Problem as busy:
        sentence = f"{labels.what(busy)} {labels.todo(busy)}\n"
        return PlainTextResponse(sentence, status_of(busy), headers={"Retry-After": "1"})
