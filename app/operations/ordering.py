"""Whether a request joins an operation that is under way, waits behind it, or must be refused. Pure.

The last request decides how things end. A request therefore joins an operation only where nothing that came later
could change what that operation does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.errors import Problem
from app.history.store import LiveOperation, NewOperation
from app.operations.state import Kind

# These rewrite a policy as a whole, so they concern every service that the policy names.
_WHOLE_POLICY = frozenset({Kind.RESTORE, Kind.UNDO, Kind.PRUNE})
_GIVES_ACCESS = frozenset({Kind.GRANT, Kind.REPAIR})


def join(request: NewOperation, live: Sequence[LiveOperation]) -> str:
    """Return the id of the operation that `request` joins; "" where it becomes an operation of its own.

    Args:
        request: the operation as it would be recorded.
        live: the operations of the same repository or the same service that have not ended, oldest first.

    Raises:
        Problem: `role.deactivating`: the service's role is being deactivated, so nothing can be given to it until
            that operation ends.
    """
    if request.kind in _GIVES_ACCESS:
        _refuse_while_deactivating(request, live)
    rivals = [operation for operation in live if _interferes(operation, request)]
    if rivals and _does_the_same(rivals[-1], request):
        return rivals[-1].id
    return ""


def _refuse_while_deactivating(request: NewOperation, live: Sequence[LiveOperation]) -> None:
    for operation in live:
        if operation.kind == Kind.DEACTIVATE and operation.service == request.service:
            raise Problem("role.deactivating", service=request.service, operation=operation.id)


def _interferes(operation: LiveOperation, request: NewOperation) -> bool:
    if operation.repository != request.repository:
        return False
    whole = operation.kind in _WHOLE_POLICY or request.kind in _WHOLE_POLICY
    return whole or operation.service == request.service


def _does_the_same(operation: LiveOperation, request: NewOperation) -> bool:
    if operation.subject != request.subject or operation.cancel_requested:
        return False
    # A preview binds what is done; a request without one accepts whatever is right then.
    return _preview(request.input) in (None, _preview(operation.input))


def _preview(given: Mapping[str, Any]) -> str | None:
    shown: str | None = given.get("previewed")
    return shown
