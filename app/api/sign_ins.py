"""Who is signed in, and the sign-in events."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Request

from app.api.responses import refusals
from app.api.routers import api_router
from app.api.schemas.sign_ins import EndedSession, Session, SessionList, SignInEvent, SignInEventList
from app.auth import events, sessions
from app.auth.authenticator import source_of
from app.errors import Problem
from app.http.deps import AuthenticatorDep, CallerDep, NowDep, ServicesDep

router = api_router("Sign-ins")

SessionId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$", description="A session's id.")]


@router.get("/sessions", summary="Browsers that are signed in")
def list_sessions(services: ServicesDep, caller: CallerDep, now: NowDep) -> SessionList:
    """Everyone's sessions, the last used first."""
    living = sessions.list_sessions(services.db, now)
    return SessionList(sessions=[Session.of(facts, is_this=facts.id == caller.session) for facts in living])


@router.delete("/sessions/{session_id}", summary="End a session", responses=refusals(404))
def end_session(
    request: Request, authenticator: AuthenticatorDep, caller: CallerDep, session_id: SessionId
) -> EndedSession:
    """Its browser must sign in again; another replica may still accept it for five seconds."""
    if not authenticator.end_session(session_id, caller, source_of(request)):
        raise Problem("auth.session_not_found", id=session_id)
    return EndedSession(id=session_id)


@router.get("/sign-ins", summary="Sign-in activity, newest first")
def list_sign_ins(
    services: ServicesDep,
    before: Annotated[int, Query(ge=0, le=2**31 - 1, description="`next` of a page; 0 for the newest.")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> SignInEventList:
    """Sign-ins, refusals, sessions ended, links and tokens created and revoked, backups restored."""
    page = events.list_events(services.db, older_than=before, limit=limit)
    return SignInEventList(events=[SignInEvent.of(event) for event in page.events], next=page.older or None)
