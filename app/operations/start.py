"""Starts operations, or joins the one that does the same already; cancels them. Single entry point.

The browser, the API and the terminal all use it, so that a repeated request is one operation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from json import dumps
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.clock import Clock
from app.db import Database
from app.deployments.request import check_request, request_of
from app.errors import Problem
from app.history import batches, store
from app.history.living import living_parts
from app.history.models import Operation, PolicyChange
from app.history.policy_writes import last_confirmed
from app.history.queries import get_operation
from app.operations import batch, deploy, grant, reactivate, restore, revoke, role  # noqa: F401  (each names its workflows)
from app.operations.engine import Workflow
from app.operations.fingerprint import fingerprint
from app.operations.ids import new_id
from app.operations.ordering import join
from app.operations.repository_name import check_name
from app.operations.state import NOT_DONE, STEPS, Kind, Outcome, StepName, steps_of
from app.operations.workflow import WORKFLOWS
from app.outage import reason_of

log = logging.getLogger(__name__)

# Require a preview, and do exactly that: these remove rights from others than the service.
NEEDS_PREVIEW = frozenset({Kind.RESTORE, Kind.PRUNE})
# What an operation notes in its own input while it runs.
NOTED = frozenset({"role_switched", "refused", "role", *deploy.NOTED})

Enqueue = Callable[[str, Workflow, str], None]


@dataclass(frozen=True)
class Ask:
    """A requested operation.

    Args:
        repository: "" for operations on the role alone.
        input: what the kind's workflow needs besides names; see its docstring. `previewed` holds the fingerprint of
            the policy that a preview was made of.
        follows: the operation that this one retries, undoes or is a part of.
    """

    kind: Kind
    region: str
    service: str
    repository: str = ""
    asked_by: str = "local"
    input: dict[str, Any] = field(default_factory=dict)
    follows: str | None = None


class Starter:
    """Starts operations of one connection. Its methods block for small transactions; do not call them on the loop."""

    def __init__(
        self, db: Database, clock: Clock, enqueue: Enqueue, notice: Callable[[str], None], connection: str = "default"
    ) -> None:
        self._db = db
        self._clock = clock
        self._enqueue = enqueue
        self._notice = notice
        self.connection = connection

    def start(self, ask: Ask) -> str:
        """Record the request, or join the operation that does it already; return its id. Does not wait for the work.

        Once this returns the operation is accepted: it will run even if the engine cannot take it right now.

        Raises:
            Problem: `repository.bad_name`; `operation.preview_needed` for a restore or a prune without the fingerprint
                of its preview; `role.deactivating`; `storage.failed` if it cannot be recorded, and then nothing is
                done.
        """
        with recorded():
            return self._start(ask)

    def start_part(self, ask: Ask) -> str:
        """Start a part of an operation as `start` does. Raises SQLAlchemyError while the database cannot be used."""
        return self._start(ask)

    def _start(self, ask: Ask) -> str:
        if ask.repository or StepName.UPDATE_POLICY in STEPS[ask.kind]:
            check_name(ask.repository)
        if ask.kind is Kind.DEPLOY:
            check_request(request_of(ask.input))
        if ask.kind in NEEDS_PREVIEW and not ask.input.get("previewed"):
            raise Problem("operation.preview_needed", repository=ask.repository)
        now = self._clock.now()
        new = store.NewOperation(
            id=new_id(now),
            kind=ask.kind,
            connection=self.connection,
            region=ask.region,
            service=ask.service,
            repository=ask.repository,
            subject=_subject(self.connection, ask),
            asked_by=ask.asked_by,
            steps=steps_of(ask.kind, ask.input),
            input=ask.input,
            follows=ask.follows,
        )
        operation_id, is_new = store.insert_or_join(self._db, new, join, now)
        if is_new:
            self.enqueue_or_leave(new)
        return operation_id

    def enqueue_or_leave(self, operation: Operation | store.NewOperation) -> None:
        """Give a recorded operation to the engine; recovery does so later where that fails now."""
        try:
            self.enqueue(operation)
        except SQLAlchemyError as error:
            log.warning(
                "operation %s waits: the engine's database cannot be written: %s", operation.id, reason_of(error)
            )

    def retry(self, operation_id: str, asked_by: str) -> str:
        """Request again what an ended operation did not do; its finished steps find nothing left to do.

        A restore and a prune stay bound to their preview; the others merge with the current policy.

        Raises:
            Problem: `operation.not_found`, `operation.not_ended`, `operation.nothing_to_retry`, `operation.is_batch`, and as
                `start`.
        """
        operation = self._ended(operation_id)
        if operation.kind == Kind.BATCH:
            raise Problem("operation.is_batch")
        if not may_retry(Outcome(operation.outcome) if operation.outcome else None):
            raise Problem("operation.nothing_to_retry")
        kind = Kind(operation.kind)
        dropped = NOTED if kind in NEEDS_PREVIEW else NOTED | {"previewed", "shown"}
        given = {name: value for name, value in operation.input.items() if name not in dropped}
        return self.start(
            Ask(kind, operation.region, operation.service, operation.repository, asked_by, given, follows=operation.id)
        )

    def undo(self, operation_id: str, asked_by: str, *, previewed: str | None = None) -> str:
        """Take back the policy change of an ended operation, and only that.

        Raises:
            Problem: `operation.not_found`, `operation.not_ended`, `operation.nothing_to_undo`.
        """
        operation = self._ended(operation_id)
        if operation.kind == Kind.DEACTIVATE:
            return self.reactivate(operation, asked_by)
        change = self.change_to_undo(operation_id)
        request: dict[str, Any] = {"before": change.before, "after": change.after}
        if previewed is not None:
            request["previewed"] = previewed
        return self.start(
            Ask(
                Kind.UNDO,
                operation.region,
                operation.service,
                operation.repository,
                asked_by,
                request,
                follows=operation_id,
            )
        )

    def reactivate(self, deactivation: Operation, asked_by: str, shown: Mapping[str, Any] | None = None) -> str:
        """Undo an ended deactivation: activate the role, and put back the statements that it removed.

        `shown`: the input that binds it to its preview, as for `parts.preview_of_part`. Raises Problem as
        `reactivate.check_undo`, and as `start`.
        """
        reactivate.check_undo(self._db, deactivation)
        request = {"deactivation": deactivation.id, **(shown or {})}
        service = (deactivation.region, deactivation.service)
        return self.start(Ask(Kind.REACTIVATE, *service, "", asked_by, request, follows=deactivation.id))

    def change_to_undo(self, operation_id: str) -> PolicyChange:
        """Return the last policy write of an operation. Raises Problem `operation.nothing_to_undo`."""
        change = last_confirmed(self._db, operation_id)
        if change is None:
            raise Problem("operation.nothing_to_undo")
        return change

    def cancel(self, operation_id: str, by: str) -> bool:
        """Cancel an operation that waits in the queue, or request a running one to stop at its next safe point.

        Of a batch's operation its items too, and of any its parts. Return False if it has ended, or was requested to
        stop before.
        """
        with recorded():
            return self._cancel(operation_id, by)

    def cancel_parts(self, operation_id: str, by: str) -> None:
        """Cancel the live parts of an operation. Raises SQLAlchemyError while the database cannot be used."""
        for part in living_parts(self._db, operation_id):
            self._cancel(part, by)

    def _cancel(self, operation_id: str, by: str) -> bool:
        operation = get_operation(self._db, operation_id)
        if operation is not None and operation.kind == Kind.BATCH:
            for item_id in batches.cancel_items(self._db, operation, by, self._clock.now()):
                self._notice(item_id)
        if store.cancelled_in_queue(self._db, operation_id, by, self._clock.now()):
            return True
        is_cancelling = store.cancel_requested(self._db, operation_id, by)
        if is_cancelling:
            self._notice(operation_id)
            self.cancel_parts(operation_id, by)
        return is_cancelling

    def enqueue(self, operation: Operation | store.NewOperation) -> None:
        """Hand a living operation to the engine; one that it knows already is left alone."""
        kind = Kind(operation.kind)
        repository = "" if kind is Kind.DEPLOY else operation.repository
        key = key_of(operation.connection, operation.region, operation.service, repository)
        if kind is Kind.BATCH:
            key = f"batch {operation.id}"  # it keeps no other operation on the service's role waiting
        self._enqueue(operation.id, WORKFLOWS[kind], key)

    def _ended(self, operation_id: str) -> Operation:
        operation = get_operation(self._db, operation_id)
        if operation is None:
            raise Problem("operation.not_found")
        if operation.outcome is None:
            raise Problem("operation.not_ended")
        return operation


def may_retry(outcome: Outcome | None) -> bool:
    """Return whether a retry makes sense."""
    return outcome in NOT_DONE


def _subject(connection: str, ask: Ask) -> str:
    parts = [connection, ask.region, ask.service, ask.repository, ask.kind]
    if ask.kind == Kind.UNDO:
        parts.append(ask.follows or "")
    elif ask.kind == Kind.REACTIVATE:
        parts.append(ask.input["deactivation"])
    elif ask.kind == Kind.RESTORE:
        parts.append(fingerprint(ask.input["text"]))
    elif ask.kind == Kind.PRUNE:
        parts.append(sha256(" ".join(sorted(ask.input.get("principals") or ())).encode()).hexdigest())
    elif ask.kind == Kind.DEPLOY:
        parts.append(dumps(request_of(ask.input).to_json(), sort_keys=True))
    elif ask.kind == Kind.DEACTIVATE and ask.input.get("remove_statements"):
        parts.append("with statements")
    return " ".join(parts)


def key_of(connection: str, region: str, service: str, repository: str) -> str:
    """Return the key of what is worked on one at a time: a repository's policy, or a service's role and deployments."""
    if repository:
        return f"repository {connection} {region} {repository}"
    return f"service {connection} {region} {service}"


@contextmanager
def recorded() -> Iterator[None]:
    """Raise Problem `storage.failed` where the database cannot be written: the disk is full, or the server is away."""
    try:
        yield
    except DBAPIError as error:
        raise Problem("storage.failed", retryable=True, reason=reason_of(error)) from error
