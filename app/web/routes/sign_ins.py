"""The page of sign-ins: sessions, tokens and links and how to end them, and the event record, also as a file."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Query, Request
from starlette.responses import Response, StreamingResponse

from app.auth import export
from app.auth.authenticator import source_of
from app.errors import Problem
from app.http.deps import AuthenticatorDep, CallerDep, NowDep, ServicesDep
from app.web import links
from app.web.render import redirect, render
from app.web.routers import page_router
from app.web.routes.sign_in import signed_out
from app.web.views.sign_ins import (
    end_session_dialog,
    find_link,
    find_session,
    revoke_link_dialog,
    revoke_token_dialog,
    sign_ins_page,
    sign_out_everywhere_dialog,
)

router = page_router()

EventId = Annotated[str, Query(max_length=20)]
IdQuery = Annotated[str, Query(max_length=20)]
IdField = Annotated[str, Form(max_length=20)]
NameQuery = Annotated[str, Query(max_length=64)]
NameField = Annotated[str, Form(max_length=64)]


@router.get(links.SIGN_INS)
def sign_ins(
    request: Request, services: ServicesDep, caller: CallerDep, now: NowDep, older: EventId = "", newer: EventId = ""
) -> Response:
    """Show who is signed in, and the events, newest first."""
    page = sign_ins_page(services, caller, now, older_than=_id(older), newer_than=_id(newer))
    return render(request, page)


@router.get(links.SIGN_INS + "/export.csv")
def as_csv(services: ServicesDep) -> Response:
    """Export the record as CSV for spreadsheets."""
    return _file(export.csv_lines(services.db), "csv", "text/csv; charset=utf-8")


@router.get(links.SIGN_INS + "/export.json")
def as_json(services: ServicesDep) -> Response:
    """Export the whole record as JSON."""
    return _file(export.json_lines(services.db), "json", "application/json")


@router.get(links.END_SESSION)
def ask_end_session(
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    now: NowDep,
    id: IdQuery,  # noqa: A002  (the query's name)
) -> Response:
    """Show the dialog that says whose session ends."""
    return render(request, end_session_dialog(find_session(services, id, caller, now)))


@router.post(links.END_SESSION)
def end_session(
    request: Request,
    authenticator: AuthenticatorDep,
    caller: CallerDep,
    id: IdField,  # noqa: A002  (the form field's name)
) -> Response:
    """End one session."""
    if not authenticator.end_session(id, caller, source_of(request)):
        raise Problem("auth.session_not_found", id=id[:12])
    return signed_out(request) if id == caller.session else redirect(request, links.SIGN_INS)


@router.get(links.SIGN_OUT_EVERYWHERE)
def ask_sign_out_everywhere(request: Request, caller: CallerDep) -> Response:
    """Show the dialog that says whose sessions end."""
    return render(request, sign_out_everywhere_dialog(caller.person))


@router.post(links.SIGN_OUT_EVERYWHERE)
def sign_out_everywhere(request: Request, authenticator: AuthenticatorDep, caller: CallerDep) -> Response:
    """End every session of the caller."""
    authenticator.sign_out_everywhere(caller, source_of(request))
    return signed_out(request)


@router.get(links.REVOKE_LINK)
def ask_revoke_link(
    request: Request,
    services: ServicesDep,
    now: NowDep,
    id: IdQuery,  # noqa: A002  (as above)
) -> Response:
    """Show the dialog before a link is revoked."""
    return render(request, revoke_link_dialog(find_link(services, id, now)))


@router.post(links.REVOKE_LINK)
def revoke_link(
    request: Request,
    authenticator: AuthenticatorDep,
    caller: CallerDep,
    id: IdField,  # noqa: A002  (as above)
) -> Response:
    """Revoke an open link."""
    if not id or not authenticator.revoke_link(id, caller, source_of(request)):
        raise Problem("auth.link_not_found", id=id[:12])
    return redirect(request, links.SIGN_INS)


@router.get(links.REVOKE_TOKEN)
def ask_revoke_token(request: Request, name: NameQuery) -> Response:
    """Show the dialog before a token is revoked."""
    return render(request, revoke_token_dialog(name))


@router.post(links.REVOKE_TOKEN)
def revoke_token(request: Request, authenticator: AuthenticatorDep, caller: CallerDep, name: NameField) -> Response:
    """Revoke a token."""
    authenticator.revoke_token(name, caller, source_of(request))
    return redirect(request, links.SIGN_INS)


def _id(text: str) -> int:
    """Return the id of an event; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _file(lines: export.Lines, kind: str, media_type: str) -> Response:
    name = {"Content-Disposition": f'attachment; filename="sailpass-sign-ins.{kind}"'}
    return StreamingResponse(lines, media_type=media_type, headers=name)
