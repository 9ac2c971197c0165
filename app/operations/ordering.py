"""Whether a request joins a live operation, waits behind it, or is refused. Pure.

The last request decides the result. A request therefore joins an operation only if no later request could change what
that operation does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import Problem
from app.history import kinds
from app.history.store import LiveOperation, NewOperation
from app.operations.state import GIVES_ACCESS, Kind

# These rewrite a policy as a whole, so they affect every service that the policy names.
_WHOLE_POLICY = frozenset(kinds.REWRITES_POLICY)


def join(request: NewOperation, live: Sequence[LiveOperation]) -> str:
    """Return the id of the operation that `request` joins; "" if it becomes an operation of its own.

    Args:
        request: the operation as it would be recorded.
        live: the operations of the same repository or the same service that are live, oldest first.

    Raises:
        Problem: `role.deactivating`: the service's role is being deactivated, so nothing can be granted to it until
            that operation ends.
    """
    if request.kind == Kind.DEPLOY:
        return _join_deployment(request, live)
    if request.kind in GIVES_ACCESS or request.kind == Kind.REACTIVATE:
        refuse_while_deactivating(request, live)
    rivals = [operation for operation in live if _interferes(operation, request)]
    if rivals and _does_the_same(rivals[-1], request):
        return rivals[-1].id
    return ""


def _join_deployment(request: NewOperation, live: Sequence[LiveOperation]) -> str:
    """A deployment replaces everything that the service runs, so only the last one requested can be joined."""
    rivals = [operation for operation in live if operation.kind == Kind.DEPLOY]
    return rivals[-1].id if rivals and _does_the_same(rivals[-1], request) else ""


def refuse_while_deactivating(request: NewOperation, live: Sequence[LiveOperation]) -> None:
    """Raise Problem `role.deactivating` if the service's role is being deactivated."""
    for operation in live:
        if operation.kind == Kind.DEACTIVATE and operation.service == request.service:
            raise Problem("role.deactivating", service=request.service, operation=operation.id)


def _interferes(operation: LiveOperation, request: NewOperation) -> bool:
    if operation.kind in {Kind.DEPLOY, Kind.BATCH} or operation.repository != request.repository:
        return False
    whole = operation.kind in _WHOLE_POLICY or request.kind in _WHOLE_POLICY
    return whole or operation.service == request.service


def _does_the_same(operation: LiveOperation, request: NewOperation) -> bool:
    if operation.subject != request.subject or operation.cancel_requested:
        return False
    # A part is cancelled with its operation, which whoever requests the same need not know of.
    if operation.part_of is not None and operation.part_of != request.follows:
        return False
    # A preview binds the change; a request without one accepts whatever is right at that time.
    return _preview(request.input) in (None, _preview(operation.input))


def _preview(given: Mapping[str, Any]) -> str | None:
    shown: str | None = given.get("previewed")
    return shown
