"""The sandbox as an ASGI application: reads a request, applies faults, answers as AWS does.

Handlers run to their end without waiting, so each call is atomic. This module does not know what operations do.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

from app.sandbox import wire
from app.sandbox.authorization import denied
from app.sandbox.call import Call
from app.sandbox.clock import Clock
from app.sandbox.control import control_app
from app.sandbox.deployments import pull_due
from app.sandbox.errors import AwsError
from app.sandbox.faults import Fault, first_error
from app.sandbox.foreign import write_statement
from app.sandbox.layers import LAYERS, layer_answer
from app.sandbox.model import Operation
from app.sandbox.operations import OFFERED, WRITES
from app.sandbox.options import SandboxOptions
from app.sandbox.parts import Parts
from app.sandbox.transport import drop, wait_for_disconnect

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LARGEST_BODY = 8 * 1024 * 1024
NEVER = 3600.0

logger = logging.getLogger("sailpass.sandbox")


class Dropped(Exception):  # noqa: N818  (not an error: the connection ends without an answer)
    """The call gets no answer; `outcome` is its result for the log."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Sandbox:
    """The whole sandbox, callable as ASGI."""

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.parts = Parts(options, clock)
        self.world = self.parts.world
        self.control = control_app(self.parts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            if scope["path"].startswith("/_sandbox/"):
                pull_due(self.world, self.world.clock.now())
                await self.control(scope, receive, send)
            elif scope["method"] == "GET" and scope["path"].startswith(LAYERS):
                await layer_answer(self.world, scope["path"], scope["query_string"])(scope, receive, send)
            else:
                await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._saving():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _saving(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.parts.snapshots.keep_saving())
        try:
            yield
        finally:
            task.cancel()
            self.parts.snapshots.save()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = wire.new_request_id()
        request = await _request(scope, receive)
        try:
            answer = await self._handled(request, request_id, receive)
        except Dropped:
            await drop(scope, send)
            return
        headers = [
            (b"content-type", answer.content_type),
            (b"content-length", str(len(answer.body)).encode()),
            (b"x-amzn-requestid", request_id.encode()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _handled(self, request: wire.Request, request_id: str, receive: Receive) -> wire.Answer:
        as_query = wire.is_query(request)
        call = None
        try:
            call, operation = wire.read(request, request_id, self.world.identities)
            call.at = self.world.clock.now()
            value = await self._performed(call, operation, receive)
        except AwsError as problem:
            self._log(call, problem.code, problem.status)
            return wire.error(problem, request_id, as_query=as_query)
        except Dropped as dropped:
            self._log(call, dropped.outcome, 0)
            raise
        self._log(call, "ok", 200)
        return wire.result(call, value)

    async def _performed(self, call: Call, operation: Operation, receive: Receive) -> Any:
        options = self.world.options
        if options.latency_ms:
            await asyncio.sleep(options.latency_ms / 1000)
        if options.rate_limit and not self._is_within_rate(call, options.rate_limit):
            raise AwsError("Throttling" if call.service == "sts" else "ThrottlingException", "Rate exceeded")
        rules = self.parts.faults.hitting(call) if self.parts.faults.rules else []
        if rules:
            await _hold_up(rules, receive)
            problem = first_error(rules, call)
            if problem:
                raise problem
        if call.caller_identity:
            self._check_identity(call)
        operation.check(call.params)
        return await self._with_effect(call, operation, rules, receive)

    def _check_identity(self, call: Call) -> None:
        """Refuse a deleted principal, which has no credentials, and Lightsail's roles for anything but pulls."""
        if self.world.principals.is_dead(call.identity.arn, call.at):
            raise wire.unrecognized(call.service)
        if call.service == "lightsail" and call.identity.is_lightsail_role:
            raise denied(call)

    def _is_within_rate(self, call: Call, rate: float) -> bool:
        return self.parts.buckets.takes((call.account, call.region, call.service), rate, self.world.clock.now())

    async def _with_effect(self, call: Call, operation: Operation, rules: list[Fault], receive: Receive) -> Any:
        call.at = self.world.clock.now()
        pull_due(self.world, call.at)
        call.stale_read = any(rule.kind == "stale_read" for rule in rules)
        self._foreign_writes(call, rules, "before")
        value = operation.shape(OFFERED[call.action](self.world, call))
        if call.action in WRITES:
            self.world.changes += 1
        self._foreign_writes(call, rules, "after")
        for rule in rules:
            if rule.kind == "lost_response":
                await asyncio.sleep(rule.seconds)
                raise Dropped("lost_response")
            if rule.kind == "timeout" and rule.effect:
                await wait_for_disconnect(receive, rule.seconds or NEVER)
                raise Dropped("timeout")
        return value

    def _foreign_writes(self, call: Call, rules: list[Fault], when: str) -> None:
        for rule in rules:
            if rule.kind == "foreign_write" and rule.when == when:
                write_statement(self.world, call, rule.statement)

    def _log(self, call: Call | None, outcome: str, status: int) -> None:
        if call is None:
            return
        entry = self.parts.calls.add(call, outcome, status)
        if logger.isEnabledFor(logging.INFO):
            logger.info(json.dumps(entry) if self.world.options.log_format == "json" else _line(entry))


def _line(entry: dict[str, Any]) -> str:
    about = entry["params"].get("repositoryName") or entry["params"].get("serviceName") or "-"
    return f"{entry['account']} {entry['region']} {entry['action']} {about} {entry['outcome']}"


async def _request(scope: Scope, receive: Receive) -> wire.Request:
    body = b""
    while True:
        message = await receive()
        if len(body) <= LARGEST_BODY:
            body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return wire.Request(headers, scope["query_string"].decode("latin-1"), body)


async def _hold_up(rules: list[Fault], receive: Receive) -> None:
    """Apply the rules that affect the connection before the call takes effect."""
    for rule in rules:
        if rule.kind == "latency":
            await asyncio.sleep(rule.seconds)
        elif rule.kind == "timeout" and not rule.effect:
            await wait_for_disconnect(receive, rule.seconds or NEVER)
            raise Dropped("timeout")
        elif rule.kind == "reset":
            raise Dropped("reset")


def create_sandbox(options: SandboxOptions, clock: Clock | None = None) -> Sandbox:
    """Return the sandbox with its data, ready to be served."""
    return Sandbox(options, clock or Clock())
