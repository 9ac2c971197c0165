"""The vocabulary of operations: kinds, steps, states and outcomes, with the allowed transitions. Pure.

All values are stored in the history and used in the API, so they are permanent; their labels are in
`app/operations/messages.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from app.history import kinds


class Kind(StrEnum):
    """What an operation is for."""

    GRANT = "grant"
    REPAIR = "repair"
    REVOKE = "revoke"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"  # undoes a deactivation
    RESTORE = "restore"
    UNDO = "undo"
    PRUNE = "prune"
    DEPLOY = "deploy"
    BATCH = "batch"  # runs the items of a batch that concern one service, each an operation of its own
    # Not requested: a read showed what was done outside Sailpass.
    DRIFT = "drift"  # access was removed
    POLICY_DRIFT = "policy_drift"  # the policy was changed in another way
    REPOSITORY_DELETED = "repository_deleted"
    REPOSITORY_RECREATED = "repository_recreated"
    ROLE_ACTIVATED = "role_activated"
    ROLE_DEACTIVATED = "role_deactivated"
    ROLE_RECREATED = "role_recreated"  # deactivated and activated between two reads: its principal is another one
    SERVICE_DELETED = "service_deleted"
    SERVICE_RECREATED = "service_recreated"


class Outcome(StrEnum):
    """How an operation ended; a live one has no outcome."""

    SUCCEEDED = "succeeded"
    NOTHING_TO_DO = "nothing_to_do"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # it was running when a backup was made that has been restored since
    SEEN = "seen"  # nothing was done: a read showed it


class ReadSince(StrEnum):
    """What a policy was when it was read after a write whose answer from AWS was lost."""

    WITH_CHANGE = "with_change"
    WITHOUT_CHANGE = "without_change"
    OTHERWISE = "otherwise"


class StepState(StrEnum):
    """The state of a step."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"  # it was so already; nothing had to be done
    FAILED = "failed"
    CANCELLED = "cancelled"  # the operation was cancelled before or in it
    INTERRUPTED = "interrupted"  # the operation was interrupted before or in it: its progress is unknown


class StepName(StrEnum):
    """The named parts of operations, as stored."""

    ACTIVATE_ROLE = "activate_role"
    WAIT_FOR_ROLE = "wait_for_role"
    UPDATE_POLICY = "update_policy"
    VERIFY_ACCESS = "verify_access"
    VERIFY_REMOVAL = "verify_removal"
    VERIFY_POLICY = "verify_policy"
    REMOVE_STATEMENTS = "remove_statements"
    DEACTIVATE_ROLE = "deactivate_role"
    WAIT_FOR_ROLE_OFF = "wait_for_role_off"
    PUT_BACK_STATEMENTS = "put_back_statements"
    CHECK_DEPLOYMENT = "check_deployment"
    GRANT_ACCESS = "grant_access"
    DEPLOY = "deploy"
    WATCH_DEPLOYMENT = "watch_deployment"
    ROLL_BACK = "roll_back"
    CHANGE_POLICIES = "change_policies"


SEEN = frozenset(map(Kind, kinds.SEEN))
"""Kinds of what was seen, and not done."""

NOT_DONE = frozenset({Outcome.FAILED, Outcome.CANCELLED, Outcome.INTERRUPTED})
"""Outcomes after which a retry makes sense."""

STEPS: dict[Kind, tuple[StepName, ...]] = {
    Kind.GRANT: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE, StepName.UPDATE_POLICY, StepName.VERIFY_ACCESS),
    Kind.REPAIR: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE, StepName.UPDATE_POLICY, StepName.VERIFY_ACCESS),
    Kind.REVOKE: (StepName.UPDATE_POLICY, StepName.VERIFY_REMOVAL),
    Kind.ACTIVATE: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE),
    Kind.DEACTIVATE: (StepName.REMOVE_STATEMENTS, StepName.DEACTIVATE_ROLE, StepName.WAIT_FOR_ROLE_OFF),
    Kind.REACTIVATE: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE, StepName.PUT_BACK_STATEMENTS),
    Kind.RESTORE: (StepName.UPDATE_POLICY, StepName.VERIFY_POLICY),
    Kind.UNDO: (StepName.UPDATE_POLICY, StepName.VERIFY_POLICY),
    Kind.PRUNE: (StepName.UPDATE_POLICY, StepName.VERIFY_POLICY),
    Kind.DEPLOY: (
        StepName.CHECK_DEPLOYMENT,
        StepName.GRANT_ACCESS,
        StepName.DEPLOY,
        StepName.WATCH_DEPLOYMENT,
        StepName.ROLL_BACK,
    ),
    Kind.BATCH: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE, StepName.CHANGE_POLICIES),
    **dict.fromkeys(SEEN, ()),
}
# Steps that an operation has only where its input asks for them.
_ON_REQUEST = {StepName.GRANT_ACCESS: "grant", StepName.ROLL_BACK: "rollback"}


def steps_of(kind: Kind, given: Mapping[str, Any]) -> tuple[StepName, ...]:
    """Return the steps of an operation of a kind with this input."""
    return tuple(name for name in STEPS[kind] if name not in _ON_REQUEST or given.get(_ON_REQUEST[name]))


# In a batch the role is activated once, for all items.
ITEM_STEPS: dict[Kind, tuple[StepName, ...]] = {
    Kind.GRANT: (StepName.UPDATE_POLICY, StepName.VERIFY_ACCESS),
    Kind.REPAIR: (StepName.UPDATE_POLICY, StepName.VERIFY_ACCESS),
    Kind.REVOKE: STEPS[Kind.REVOKE],
    Kind.UNDO: STEPS[Kind.UNDO],
}
GIVES_ACCESS = frozenset({Kind.GRANT, Kind.REPAIR})

STEP_DONE = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
