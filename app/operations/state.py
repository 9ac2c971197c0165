"""The words of operations: kinds, steps, states and outcomes, with the moves that are allowed. Pure; decides nothing else.

All values are stored in the history and spoken by the API, so they stay as they are; their words on screen stand in
`app/operations/messages.py`.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What an operation is for."""

    GRANT = "grant"
    REPAIR = "repair"
    REVOKE = "revoke"
    ACTIVATE = "activate"
    DEACTIVATE = "deactivate"
    RESTORE = "restore"
    UNDO = "undo"
    PRUNE = "prune"
    # Nobody asked for these: a reading showed what was done outside Sailpass.
    DRIFT = "drift"  # access was removed
    POLICY_DRIFT = "policy_drift"  # the policy was changed in another way
    REPOSITORY_DELETED = "repository_deleted"
    REPOSITORY_RECREATED = "repository_recreated"


class Outcome(StrEnum):
    """How an operation ended; a live one has none."""

    SUCCEEDED = "succeeded"
    NOTHING_TO_DO = "nothing_to_do"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"  # it was running when a backup was made that has been restored since
    SEEN = "seen"  # nothing was done: a reading showed it


class ReadSince(StrEnum):
    """What a policy was when it was read after a write whose answer from AWS was lost."""

    WITH_CHANGE = "with_change"
    WITHOUT_CHANGE = "without_change"
    OTHERWISE = "otherwise"


class StepState(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    SKIPPED = "skipped"  # it was so already; nothing had to be done
    FAILED = "failed"
    CANCELLED = "cancelled"  # the operation was cancelled before or in it
    INTERRUPTED = "interrupted"  # the operation was interrupted before or in it: nobody knows how far it came


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


SEEN = frozenset({Kind.DRIFT, Kind.POLICY_DRIFT, Kind.REPOSITORY_DELETED, Kind.REPOSITORY_RECREATED})
"""Kinds of what was seen, and not done."""

NOT_DONE = frozenset({Outcome.FAILED, Outcome.CANCELLED, Outcome.INTERRUPTED})
"""Outcomes after which asking again makes sense."""

STEPS: dict[Kind, tuple[StepName, ...]] = {
    Kind.GRANT: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE, StepName.UPDATE_POLICY, StepName.VERIFY_ACCESS),
    Kind.REPAIR: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE, StepName.UPDATE_POLICY, StepName.VERIFY_ACCESS),
    Kind.REVOKE: (StepName.UPDATE_POLICY, StepName.VERIFY_REMOVAL),
    Kind.ACTIVATE: (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE),
    Kind.DEACTIVATE: (StepName.REMOVE_STATEMENTS, StepName.DEACTIVATE_ROLE, StepName.WAIT_FOR_ROLE_OFF),
    Kind.RESTORE: (StepName.UPDATE_POLICY, StepName.VERIFY_POLICY),
    Kind.UNDO: (StepName.UPDATE_POLICY, StepName.VERIFY_POLICY),
    Kind.PRUNE: (StepName.UPDATE_POLICY, StepName.VERIFY_POLICY),
    Kind.DRIFT: (),
    Kind.POLICY_DRIFT: (),
    Kind.REPOSITORY_DELETED: (),
    Kind.REPOSITORY_RECREATED: (),
}

STEP_DONE = frozenset({StepState.SUCCEEDED, StepState.SKIPPED})
