"""Starts operations, or joins the one that does the same already; requests that they stop. Single entry point.

The browser, the API and the terminal come through here, so that the same thing asked for twice is one operation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy.exc import DBAPIError

from app.clock import Clock
from app.db import Database
from app.errors import Problem
from app.history import store
from app.history.models import Operation, PolicyChange
from app.history.policy_writes import last_confirmed
from app.history.queries import get_operation
from app.operations import grant, restore, revoke, role  # noqa: F401  (each names its workflows)
from app.operations.engine import Workflow
from app.operations.fingerprint import fingerprint
from app.operations.ids import new_id
from app.operations.ordering import join
from app.operations.repository_name import check_name
from app.operations.state import NOT_DONE, STEPS, Kind, Outcome
from app.operations.workflow import WORKFLOWS

log = logging.getLogger(__name__)

# What was shown is done, or nothing: these take rights away from others than the service.
NEEDS_PREVIEW = frozenset({Kind.RESTORE, Kind.PRUNE})
# What an operation notes in its own input while it runs.
NOTED = frozenset({"role_switched", "refused"})

Enqueue = Callable[[str, Workflow, str], None]


@dataclass(frozen=True)
class Ask:
    """What somebody asks for.

    Args:
        repository: "" for operations on the role alone.
        input: what the kind's workflow needs beyond names; see its docstring. `previewed` holds the fingerprint of
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
    """Starts operations of one connection. Its methods block for small transactions; never call them on the loop."""

    def __init__(
        self, db: Database, clock: Clock, enqueue: Enqueue, notice: Callable[[str], None], connection: str = "default"
    ) -> None:
        self._db = db
        self._clock = clock
        self._enqueue = enqueue
        self._notice = notice
        self._connection = connection

    def start(self, ask: Ask) -> str:
        """Record what is requested, or join the operation that does it already: its id. Never waits for the work.

        Once this returns the operation is accepted: it is carried out even where the engine cannot take it right now.

        Raises:
            Problem: `repository.bad_name`; `operation.preview_needed` for a restore or a pruning without the
                fingerprint of its preview; `role.deactivating`; `storage.failed` when it cannot be recorded, and then
                nothing is done.
        """
        if ask.repository or "update_policy" in STEPS[ask.kind][:1]:
            check_name(ask.repository)
        if ask.kind in NEEDS_PREVIEW and not ask.input.get("previewed"):
            raise Problem("operation.preview_needed", repository=ask.repository)
        now = self._clock.now()
        new = store.NewOperation(
            id=new_id(now),
            kind=ask.kind,
            connection=self._connection,
            region=ask.region,
            service=ask.service,
            repository=ask.repository,
            subject=_subject(self._connection, ask),
            asked_by=ask.asked_by,
            steps=STEPS[ask.kind],
            input=ask.input,
            follows=ask.follows,
        )
        with _recorded():
            operation_id, is_new = store.insert_or_join(self._db, new, join, now)
        if is_new:
            self._enqueue_or_leave(operation_id, ask)
        return operation_id

    def _enqueue_or_leave(self, operation_id: str, ask: Ask) -> None:
        """Give a recorded operation to the engine; the reconciler does so later where that fails now."""
        key = key_of(self._connection, ask.region, ask.service, ask.repository)
        try:
            self._enqueue(operation_id, WORKFLOWS[ask.kind], key)
        except DBAPIError as error:
            log.warning("operation %s waits: the engine's database cannot be written: %s", operation_id, error.orig)

    def retry(self, operation_id: str, asked_by: str) -> str:
        """Request again what an ended operation did not do; what it did is found done.

        A restore and a pruning stay bound to their preview; the others merge with the policy as it is.

        Raises:
            Problem: `operation.not_found`, `operation.not_ended`, `operation.nothing_to_retry`, and as `start`.
        """
        operation = self._ended(operation_id)
        if not may_retry(Outcome(operation.outcome) if operation.outcome else None):
            raise Problem("operation.nothing_to_retry")
        kind = Kind(operation.kind)
        dropped = NOTED if kind in NEEDS_PREVIEW else NOTED | {"previewed"}
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

    def change_to_undo(self, operation_id: str) -> PolicyChange:
        """The last policy write of an operation. Raises Problem `operation.nothing_to_undo`."""
        change = last_confirmed(self._db, operation_id)
        if change is None:
            raise Problem("operation.nothing_to_undo")
        return change

    def cancel(self, operation_id: str, by: str) -> bool:
        """End an operation that waits in the queue, or ask one at work to stop at its next safe point.

        False: it has ended, or was asked before.
        """
        with _recorded():
            if store.cancelled_in_queue(self._db, operation_id, by, self._clock.now()):
                return True
            is_cancelling = store.cancel_requested(self._db, operation_id, by)
        if is_cancelling:
            self._notice(operation_id)
        return is_cancelling

    def enqueue(self, operation: Operation) -> None:
        """Hand a living operation to the engine; one that it knows already is left alone."""
        key = key_of(operation.connection, operation.region, operation.service, operation.repository)
        self._enqueue(operation.id, WORKFLOWS[Kind(operation.kind)], key)

    def _ended(self, operation_id: str) -> Operation:
        operation = get_operation(self._db, operation_id)
        if operation is None:
            raise Problem("operation.not_found")
        if operation.outcome is None:
            raise Problem("operation.not_ended")
        return operation


def may_retry(outcome: Outcome | None) -> bool:
    """Whether asking again makes sense."""
    return outcome in NOT_DONE


def _subject(connection: str, ask: Ask) -> str:
    parts = [connection, ask.region, ask.service, ask.repository, ask.kind]
    if ask.kind == Kind.UNDO:
        parts.append(ask.follows or "")
    elif ask.kind == Kind.RESTORE:
        parts.append(fingerprint(ask.input["text"]))
    elif ask.kind == Kind.PRUNE:
        parts.append(sha256(" ".join(sorted(ask.input.get("principals") or ())).encode()).hexdigest())
    elif ask.kind == Kind.DEACTIVATE and ask.input.get("remove_statements"):
        parts.append("with statements")
    return " ".join(parts)


def key_of(connection: str, region: str, service: str, repository: str) -> str:
    """What is worked on one at a time: a repository's policy, or a service's role."""
    if repository:
        return f"repository {connection} {region} {repository}"
    return f"service {connection} {region} {service}"


@contextmanager
def _recorded() -> Iterator[None]:
    """A database that cannot be written is a problem to tell: the disk is full, or the server is away."""
    try:
        yield
    except DBAPIError as error:
        raise Problem("storage.failed", retryable=True, reason=str(error.orig)) from error
