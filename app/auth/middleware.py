"""Refuses every request whose sender isn't authenticated, whatever the path, except on the few open paths.

It runs before the routes, so that a new route is closed unless it is opened on purpose, and a token's scope is
checked by method and path in this one place. Knows no page.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth import rules
from app.auth.authenticator import Authenticator
from app.auth.rules import Caller

POLICY_VIOLATION = 1008

Refuse = Callable[[Request, Caller | None], Awaitable[Response]]
DatabaseFailed = Callable[[Request, Exception], Awaitable[Response]]


class Authenticate:
    """Sets `request.state.caller`, and the caller's `person` beside it.

    `refuse` answers refused requests: it gets None for an unknown sender, else the caller whose token's scope doesn't
    include the request. On the open paths no caller is looked up, and nothing is set. `database_failed` answers if the
    lookup fails.
    """

    def __init__(
        self, app: ASGIApp, authenticator: Authenticator, refuse: Refuse, database_failed: DatabaseFailed
    ) -> None:
        self.app = app
        self.authenticator = authenticator
        self.refuse = refuse
        self.database_failed = database_failed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and rules.is_open(scope["path"])):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._authenticated(scope, receive, send)
        else:  # WebSockets are not used
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    async def _authenticated(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            caller = await self.authenticator.caller(request)
            may = caller is not None and caller.may(scope["method"], scope["path"])
            if caller is not None and not may:
                await self.authenticator.refuse_scope(caller, request)
        except SQLAlchemyError as error:
            await (await self.database_failed(request, error))(scope, receive, send)
            return
        if may and caller is not None:
            request.state.caller, request.state.person = caller, caller.person
            await self.app(scope, receive, send)
            return
        await (await self.refuse(request, caller))(scope, receive, send)
