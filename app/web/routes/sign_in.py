"""The way in and out: a printed link becomes a session cookie, signing out ends it, strangers are sent here.

Must never put a link or a session into a log, nor say why one does not count.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Depends, FastAPI, Form, Request
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response

from app.auth import rules
from app.auth.gate import Gate, shown_by
from app.auth.middleware import Authenticate
from app.errors import Problem
from app.web import links
from app.web.pages import Said
from app.web.pages_errors import ErrorPage, SignInPage
from app.web.pages_sign_in import SignInWithLinkPage
from app.web.problems import as_json
from app.web.render import is_htmx, redirect, render, safe_next
from app.web.render import refuse as refuse_page
from app.web.threads import ThreadedRoute
from app.wording import N_

router = APIRouter(include_in_schema=False, route_class=ThreadedRoute)

LONGEST_NEXT = 2000


async def _gate(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


GateDep = Annotated[Gate, Depends(_gate)]


def guard(gate: Gate) -> Middleware:
    """The middleware that lets nobody else in; the innermost, so that refusals carry all headers."""
    return Middleware(Authenticate, gate=gate, refuse=refuse)


def install(app: FastAPI, gate: Gate) -> None:
    """Give `app` the pages of sign-in. `guard(gate)` stands in its middleware."""
    app.state.gate = gate
    app.include_router(router)


@router.get(links.SIGN_IN)
def ask(request: Request, gate: GateDep, link: str = "", next: str = "/") -> Response:  # noqa: A002  (the query's name)
    """Say where the link is or, to whoever brings one, ask to go on. Uses nothing up."""
    onward, address = landing(next), _address(request)
    if gate.find(shown_by(request)) is not None:
        return redirect(request, onward)
    if not link:
        return render(request, SignInPage(next=onward))
    if seconds := gate.wait(address):
        return _too_many(request, seconds)
    if not gate.knows_link(link, address):
        return render(request, SignInPage(next=onward, failed=True), status=403)
    return render(request, SignInWithLinkPage(link=link, next=onward))


@router.post(links.SIGN_IN)
def sign_in(
    request: Request,
    gate: GateDep,
    link: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "/",  # noqa: A002  (the form field's name)
) -> Response:
    """Exchange a link for a session."""
    onward, address = landing(next), _address(request)
    if seconds := gate.wait(address):
        return _too_many(request, seconds)
    secret = gate.sign_in(link, address)
    if secret is None:
        return render(request, SignInPage(next=onward, failed=True), status=403)
    answer = redirect(request, onward)
    secure = request.url.scheme == "https"
    # The cookie may outlive the session, never the other way round; the session's own end counts.
    answer.set_cookie(
        rules.cookie_name(secure=secure),
        secret,
        max_age=int(rules.LONGEST.total_seconds()),
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post(links.SIGN_OUT)
def sign_out(request: Request, gate: GateDep) -> Response:
    """End the session, if there is one."""
    shown = shown_by(request)
    if shown is not None:
        gate.sign_out(shown)
    answer = redirect(request, links.SIGN_IN)
    secure = request.url.scheme == "https"
    answer.delete_cookie(rules.cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")
    return answer


def refuse(request: Request) -> Response:
    """Answer whoever is not signed in: people are sent to sign in and come back, programs are told."""
    if not rules.is_for_programs(request.url.path):
        return redirect(request, _sign_in_then(_came_for(request)))
    return JSONResponse(as_json(Problem("auth.sign_in_needed")), 401, headers={"WWW-Authenticate": "Bearer"})


def landing(url: str) -> str:
    """Where to go once signed in: a page of ours that is no part of signing in."""
    ours = safe_next(url)
    return "/" if len(ours) > LONGEST_NEXT or rules.is_open(urlsplit(ours).path) else ours


def _came_for(request: Request) -> str:
    """The page to come back to: for a part of a page, or for a form, the page that the reader was on."""
    if is_htmx(request):
        url = urlsplit(request.headers.get("hx-current-url", ""))
    elif request.method == "GET":
        url = urlsplit(str(request.url))
    else:
        return "/"
    return landing(f"{url.path}?{url.query}" if url.query else url.path)


def _sign_in_then(onward: str) -> str:
    return links.SIGN_IN if onward == "/" else f"{links.SIGN_IN}?{urlencode({'next': onward})}"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _too_many(request: Request, seconds: int) -> Response:
    problem = Problem("auth.too_many_tries", retryable=True, seconds=seconds)
    answer = refuse_page(request, ErrorPage(status=429, title=Said(N_("Too many tries")), problem=problem))
    answer.headers["Retry-After"] = str(seconds)
    return answer
