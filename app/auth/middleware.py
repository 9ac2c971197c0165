"""Lets nobody through who is not known, whatever the path, save the few open ones. Knows no page.

It stands before the routes, so that a new route is closed until somebody opens it on purpose.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.auth import rules
from app.auth.gate import Gate

POLICY_VIOLATION = 1008


class Authenticate:
    """Sets `request.state.person` and `request.state.came_by`; `refuse` answers whoever is not let in.

    On the open paths nobody is looked for, and neither is set.
    """

    def __init__(self, app: ASGIApp, gate: Gate, refuse: Callable[[Request], Response]) -> None:
        self.app = app
        self.gate = gate
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and rules.is_open(scope["path"])):
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._let_in(scope, receive, send)
        else:  # there are no WebSockets
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})

    async def _let_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        caller = await self.gate.caller(request)
        if caller is None:
            await self.refuse(request)(scope, receive, send)
            return
        request.state.person, request.state.came_by = caller.person, caller.by
        await self.app(scope, receive, send)
