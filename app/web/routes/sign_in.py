"""Sign-in and sign-out: a printed link becomes a session cookie, signing out ends it, unknown callers are sent here.

Logs no link and no session, and doesn't say why one isn't valid.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import FastAPI, Form, Request
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response

from app.auth import rules
from app.auth.authenticator import Authenticator, cookie_of, shown_by, source_of
from app.auth.middleware import Authenticate
from app.auth.rules import Caller
from app.errors import Problem
from app.http.deps import AuthenticatorDep
from app.http.htmx import is_htmx
from app.http.problems import as_json, database_failed
from app.http.routing import add_routes
from app.http.security import MAX_OPEN_BODY
from app.threads import run_in_threadpool
from app.web import links
from app.web.render import redirect, render, safe_next
from app.web.render import refuse as refuse_page
from app.web.routers import page_router
from app.web.views.sign_in import SessionEndedPage, SignInPage, SignInWithLinkPage

router = page_router()

LONGEST_NEXT = 2000
MOST_FIELDS = 1000


def guard(authenticator: Authenticator) -> Middleware:
    """Return the middleware that refuses unknown callers; the innermost, so that refusals carry all headers."""
    return Middleware(Authenticate, authenticator=authenticator, refuse=refuse, database_failed=database_failed)


def install(app: FastAPI, authenticator: Authenticator) -> None:
    """Add the sign-in pages to `app`. `guard(authenticator)` is in its middleware."""
    app.state.authenticator = authenticator
    add_routes(app, router.routes)


@router.get(links.SIGN_IN)
def ask(
    request: Request,
    authenticator: AuthenticatorDep,
    link: str = "",
    next: str = "/",  # noqa: A002  (the query's name)
) -> Response:
    """Show where to find the link or, for a request with one, ask to continue. The link stays valid."""
    onward = landing(next)
    if authenticator.find(shown_by(request), source_of(request)) is not None:
        return redirect(request, onward)
    if not link:
        return render(request, SignInPage(next=onward))
    if not authenticator.knows_link(link, source_of(request)):
        return _wrong_link(request, authenticator, onward)
    return render(request, SignInWithLinkPage(link=link, next=onward))


@router.post(links.SIGN_IN)
def sign_in(
    request: Request,
    authenticator: AuthenticatorDep,
    link: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002  (the form field's name)
) -> Response:
    """Exchange a link for a session."""
    onward = landing(next)
    secret = authenticator.sign_in(link, source_of(request))
    if secret is None:
        return _wrong_link(request, authenticator, onward)
    answer = redirect(request, onward)
    # The cookie may outlive the session, not the reverse; the session's own end decides.
    answer.set_cookie(
        cookie_of(request),
        secret,
        max_age=int(rules.LONGEST.total_seconds()),
        path="/",
        secure=request.url.scheme == "https",
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post(links.SIGN_OUT)
def sign_out(request: Request, authenticator: AuthenticatorDep) -> Response:
    """End the session, if there is one."""
    shown = shown_by(request)
    if shown is not None:
        authenticator.sign_out(shown, source_of(request))
    return signed_out(request)


def signed_out(request: Request) -> Response:
    """Return a redirect to the sign-in page for a browser whose session has ended.

    It deletes the session's cookie, and the copies of pages that the browser keeps for Back.
    """
    answer = redirect(request, links.SIGN_IN)
    answer.headers["Clear-Site-Data"] = '"cache"'
    secure = request.url.scheme == "https"
    answer.delete_cookie(cookie_of(request), path="/", secure=secure, httponly=True, samesite="lax")
    return answer


async def refuse(request: Request, caller: Caller | None) -> Response:
    """Return the response to a refused request: people are sent to sign in and come back, programs get the reason.

    What a person had entered is kept: a part of a page gets a message beside it, a plain form its fields again.
    `caller` is None for an unknown sender, else one whose token's scope doesn't include the request.
    """
    if caller is not None:
        problem = Problem("auth.out_of_scope", name=caller.person, scope=str(caller.scope))
        challenge = {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
        return JSONResponse(as_json(problem), 403, headers=challenge)
    if rules.is_for_programs(request.url.path):
        return JSONResponse(as_json(Problem("auth.sign_in_needed")), 401, headers={"WWW-Authenticate": "Bearer"})
    sign_in_url = _sign_in_then(_came_for(request))
    opens_dialog = request.method == "GET" and request.headers.get("hx-target", "").endswith("#modal-body")
    if is_htmx(request) and not opens_dialog:
        return await _session_ended(request, SessionEndedPage(sign_in_url, is_form=request.method != "GET"))
    fields = await _fields_of(request)
    if not fields:
        return redirect(request, sign_in_url)
    return await _session_ended(request, SessionEndedPage(sign_in_url, request.url.path, fields))


async def _session_ended(request: Request, shown: SessionEndedPage) -> Response:
    try:
        return await run_in_threadpool(render, request, shown, status=401)
    except Problem:  # no thread is free
        return redirect(request, shown.sign_in_url)


async def _fields_of(request: Request) -> tuple[tuple[str, str], ...]:
    """Return the fields of a plain form; none for anything else, or for what no form of ours is as long as."""
    length = request.headers.get("content-length", "")
    is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
    if not is_form or not length.isdecimal() or int(length) > MAX_OPEN_BODY:
        return ()
    body = (await request.body()).decode("utf-8", "replace")
    try:
        return tuple(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        return ()


def landing(url: str) -> str:
    """Return where to go after sign-in: a page of ours outside the sign-in pages."""
    ours = safe_next(url)
    return "/" if len(ours) > LONGEST_NEXT or rules.is_open(urlsplit(ours).path) else ours


def _came_for(request: Request) -> str:
    """Return the page to come back to: for a part of a page, the page that the reader was on."""
    if is_htmx(request):
        url = urlsplit(request.headers.get("hx-current-url", ""))
    elif request.method == "GET":
        url = urlsplit(str(request.url))
    else:
        return "/"
    return landing(f"{url.path}?{url.query}" if url.query else url.path)


def _sign_in_then(onward: str) -> str:
    return links.SIGN_IN if onward == "/" else f"{links.SIGN_IN}?{urlencode({'next': onward})}"


def _wrong_link(request: Request, authenticator: Authenticator, onward: str) -> Response:
    seconds = authenticator.wait(source_of(request).address)
    if not seconds:
        return render(request, SignInPage(next=onward, failed=True), status=403)
    problem = Problem("auth.too_many_tries", retryable=True, seconds=seconds)
    answer = refuse_page(request, 429, problem)
    answer.headers["Retry-After"] = str(seconds)
    return answer
