"""The sandbox's control route, `/_sandbox/`: settings, faults, the log, and states that no AWS API can cause.

For programs on the same machine: it answers only to a loopback Host, and not to a page of another origin.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sandbox import control_access, control_runs, inspection
from app.sandbox.errors import SandboxError
from app.sandbox.options import SEEDS, changed, shown
from app.sandbox.parts import Parts

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
Handler = Callable[[Parts, Request, dict[str, Any]], Any]


class LoopbackOnly:
    """Refuses requests to other names than loopback ones, and those that a browser sends for another page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Request(scope).headers
        host = headers.get("host", "")
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        foreign = headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}
        origin = headers.get("origin")
        if name not in LOOPBACK or foreign or (origin is not None and origin.partition("://")[2] != host):
            refusal = JSONResponse({"error": "The control route answers only to programs on this machine."}, 403)
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, send)


def control_app(parts: Parts) -> Starlette:
    """Return the control route for these parts."""
    routes = [
        _route(parts, "/_sandbox/health", GET=inspection.health),
        _route(parts, "/_sandbox/options", GET=_options, PATCH=_change_options),
        _route(parts, "/_sandbox/reset", POST=_reset),
        _route(parts, "/_sandbox/clock", GET=_clock, POST=_advance),
        _route(parts, "/_sandbox/faults", GET=_faults, POST=_add_fault, DELETE=_remove_faults),
        _route(parts, "/_sandbox/faults/{number:int}", DELETE=_remove_fault),
        _route(parts, "/_sandbox/calls", GET=_calls, DELETE=_clear_calls),
        _route(parts, "/_sandbox/policies", GET=inspection.policies),
        _route(
            parts, "/_sandbox/policies/{region}/{repository:path}", GET=inspection.policy, PUT=inspection.put_policy
        ),
        _route(parts, "/_sandbox/principals", GET=inspection.principals, POST=inspection.change_principal),
        _route(parts, "/_sandbox/services", GET=inspection.services),
        _route(parts, "/_sandbox/services/{region}/{service}", PATCH=inspection.change_service),
        _route(parts, "/_sandbox/services/{region}/{service}/deployments", GET=control_runs.deployments),
        _route(parts, "/_sandbox/services/{region}/{service}/images", POST=control_runs.add_stored_image),
        _route(parts, "/_sandbox/services/{region}/{service}/stack-update", POST=control_runs.update_stack),
        _route(
            parts,
            "/_sandbox/behaviors",
            GET=control_runs.behaviors,
            POST=control_runs.add_behavior,
            DELETE=control_runs.remove_behaviors,
        ),
        _route(parts, "/_sandbox/images/{region}/{repository:path}", POST=control_runs.add_image),
        _route(parts, "/_sandbox/keys/{region}/{repository:path}", PATCH=control_runs.change_key),
        _route(parts, "/_sandbox/credentials", POST=control_access.credentials),
        _route(parts, "/_sandbox/accounts", POST=control_access.change_account),
        _route(parts, "/_sandbox/organizations", GET=control_access.organizations),
        _route(
            parts,
            "/_sandbox/organizations/{organization}",
            PUT=control_access.put_organization,
            DELETE=control_access.delete_organization,
        ),
        _route(
            parts,
            "/_sandbox/registries/{region}",
            GET=control_access.registry,
            PATCH=control_access.change_registry,
        ),
    ]
    return Starlette(routes=routes, middleware=[Middleware(LoopbackOnly)])


def _route(parts: Parts, path: str, **handlers: Handler) -> Route:
    async def endpoint(request: Request) -> JSONResponse:
        try:
            return JSONResponse(handlers[request.method](parts, request, await _json(request)))
        except SandboxError as problem:
            return JSONResponse(
                {"error": problem.sentence}, 404 if isinstance(problem, inspection.MissingError) else 400
            )

    return Route(path, endpoint, methods=[*handlers])


async def _json(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise SandboxError("The body is not a JSON object.")
    return document


def _options(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (the signature of handlers)
    return shown(parts.world.options)


def _change_options(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    parts.world.options = changed(parts.world.options, body)
    return shown(parts.world.options)


def _reset(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    options = parts.world.options
    seed = body.get("seed", options.seed)
    if seed not in SEEDS:
        raise SandboxError(f"The sandbox's seed is one of {', '.join(SEEDS)}; it cannot be {seed!r}.")
    repositories, services = (body.get(name, getattr(options, name)) for name in ("repositories", "services"))
    dataclasses.replace(options, repositories=repositories, services=services)  # raises for anything but a number
    parts.reset(seed, int(repositories), int(services))
    return inspection.health(parts, request, {})


def _clock(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    return {"now": parts.world.clock.now(), "ahead": parts.world.clock.ahead}


def _advance(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    seconds = body.get("advance")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise SandboxError('The clock is moved by {"advance": seconds}, 0 or more.')
    parts.world.clock.advance(seconds)
    parts.world.changes += 1
    return _clock(parts, request, body)


def _faults(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    return {"faults": [rule.to_json() for rule in parts.faults.rules]}


def _add_fault(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    return parts.faults.add(body).to_json()


def _remove_faults(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    return {"removed": parts.faults.remove()}


def _remove_fault(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    return {"removed": parts.faults.remove(request.path_params["number"])}


def _calls(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    since = request.query_params.get("since", "0")
    return {"calls": parts.calls.since(int(since) if since.isdecimal() else 0)}


def _clear_calls(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    parts.calls.clear()
    return _calls(parts, request, body)
