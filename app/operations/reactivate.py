"""Undoes a deactivation: activates the role again and puts back the statements that the deactivation removed.

AWS may give the role another principal ARN, which the statements then name.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.db import Database
from app.errors import Problem
from app.history.models import Operation, PolicyChange
from app.history.policy_writes import changes_of_parts
from app.history.queries import get_operation
from app.operations import engine, role_steps
from app.operations.parts import changed_by_parts, failed_parts, preview_of_part, stop_parts
from app.operations.plans import Grantee, named_for
from app.operations.state import Kind, Outcome, StepName, StepState
from app.operations.step import Result, Stepping, run_step
from app.operations.workflow import done, operation
from app.policy.renewed import with_role_renewed


@operation(Kind.REACTIVATE, before_end=stop_parts)
async def reactivate(operation_id: str) -> Outcome:
    """Run it, by the operation's id.

    Input: `deactivation`, the operation to undo; the rest as in `parts.preview_of_part`.
    """
    role = await role_steps.activated_role(operation_id)
    restored = done(await put_back_statements(operation_id, role["arn"]))
    return Outcome.SUCCEEDED if StepState.SUCCEEDED in (role["state"], restored["state"]) else Outcome.NOTHING_TO_DO


@engine.step("put_back_statements", waits=True)
async def put_back_statements(operation_id: str, arn: str) -> Result:
    """Put back the statements, each repository by an operation of its own; `arn` is the role's principal now."""

    async def body(step: Stepping) -> tuple[StepState, Result]:
        any_removed = await _put_back(step, arn)
        count = await changed_by_parts(step, Kind.UNDO)
        unneeded = "statements.in_place" if any_removed else "statements.none_removed"
        step.because("statements.put_back" if count else unneeded, count=count)
        return (StepState.SUCCEEDED if count else StepState.SKIPPED), {}

    return await run_step(operation_id, StepName.PUT_BACK_STATEMENTS, body)


async def _put_back(step: Stepping, arn: str) -> bool:
    """Return whether the deactivation had removed any.

    Raises:
        Problem: `role.not_put_back` with the repositories whose policy could not be changed.
    """
    context, operation = step.context, step.operation
    deactivation = await context.in_db(get_operation, operation.input["deactivation"])
    assert deactivation is not None  # noqa: S101  (the history keeps what a live operation follows)
    changes = await context.in_db(changes_of_parts, deactivation.id, Kind.REVOKE)
    ids = []
    for change in changes:
        given = await context.in_thread(undo_of_removal, deactivation, change, arn)
        given.update(preview_of_part(operation.input, change.repository))
        ids.append(await context.blocking(context.start_part, operation, Kind.UNDO, change.repository, given))
    if failed := await failed_parts(step, ids):
        raise Problem("role.not_put_back", service=operation.service, repositories=", ".join(sorted(failed)))
    return bool(ids)


def check_undo(db: Database, deactivation: Operation) -> None:
    """Check that an ended deactivation can be undone; `deactivation` has its steps loaded.

    Raises:
        Problem: `role.unchanged` if it changed nothing, and as `undo_of_removal`.
    """
    switched = any(
        step.name == StepName.DEACTIVATE_ROLE and step.state == StepState.SUCCEEDED for step in deactivation.steps
    )
    removed = changes_of_parts(db, deactivation.id, Kind.REVOKE)
    if not (switched or removed):
        raise Problem("role.unchanged")
    if removed:
        _role_then(deactivation)


def undo_of_removal(deactivation: Operation, change: PolicyChange, arn: str) -> dict[str, str | None]:
    """Return the input of the undo of one removal of a deactivation, in terms of the role's principal `arn` now.

    Raises Problem as `check_undo`.
    """
    then = _role_then(deactivation)
    subject = Grantee(deactivation.region, deactivation.service, then["arn"], then["general_arn"])
    before = change.before
    if before is not None:
        dead = set(named_for(before, subject)) - {then["arn"], then["general_arn"]}
        before = with_role_renewed(before, old=then["arn"], new=arn, dead=dead)
    return {"before": before, "after": change.after, "principal": arn}


def _role_then(deactivation: Operation) -> Mapping[str, str]:
    """Return the principals that the role had before: `arn` and `general_arn`.

    Raises:
        Problem: `role.was_off` if it was off, so that the removed statements named deleted roles only;
            `role.unrecorded` if the deactivation did not record it.
    """
    then: Mapping[str, str] | None = deactivation.input.get("role")
    if then is None:
        raise Problem("role.unrecorded", service=deactivation.service)
    if not then["arn"]:
        raise Problem("role.was_off", service=deactivation.service)
    return then
