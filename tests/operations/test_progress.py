"""What a progress says of itself."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.errors import Problem
from app.history.models import Operation, PolicyChange, Step
from app.operations.progress import Note, Progress, StepView
from app.operations.read import progress_of
from app.operations.state import Kind, Outcome, ReadSince, StepName, StepState
from tests.build import REGION, SERVICE

ASKED = datetime(2026, 3, 1, tzinfo=UTC)


def progress(state: StepState, **given) -> Progress:
    steps = (StepView(StepName.UPDATE_POLICY, state),)
    return Progress("1", 1, Kind.GRANT, REGION, SERVICE, "storefront/web", "mika", ASKED, steps, **given)


@pytest.mark.parametrize(
    "state, given, waits",
    [
        (StepState.SUCCEEDED, {}, True),
        (StepState.CANCELLED, {}, True),
        (StepState.RUNNING, {}, False),
        (StepState.FAILED, {}, False),
        (StepState.SUCCEEDED, {"unconfirmed": False}, False),
        (StepState.SUCCEEDED, {"outcome": Outcome.SUCCEEDED}, False),
        (StepState.PENDING, {"started_at": None}, False),
    ],
)
def test_an_operation_checks_for_late_writes_once_its_steps_are_done(state, given, waits):
    assert progress(state, **{"started_at": ASKED, "unconfirmed": True, **given}).checks_late_writes == waits


@pytest.mark.parametrize(
    "began, ended, seconds",
    [
        (None, None, None),
        (0, None, 9.0),
        (0, 4, 4.0),
        (0, -2, 0.0),  # another machine's clock
    ],
)
def test_a_step_takes_the_time_up_to_its_end_or_up_to_now(began, ended, seconds):
    at = [None if after is None else ASKED + timedelta(seconds=after) for after in (began, ended)]
    step = StepView(StepName.UPDATE_POLICY, StepState.RUNNING, started_at=at[0], ended_at=at[1])
    assert step.seconds(ASKED + timedelta(seconds=9)) == seconds


NAMES = (StepName.ACTIVATE_ROLE, StepName.WAIT_FOR_ROLE, StepName.UPDATE_POLICY)
BEGUN = {"started_at": ASKED}


@pytest.mark.parametrize(
    "states, current, done",
    [
        ("pending pending pending", None, 0),
        ("running pending pending", 0, 0),
        ("succeeded running pending", 1, 1),
        ("skipped succeeded running", 2, 2),
        ("succeeded failed pending", 1, 1),
        ("succeeded cancelled cancelled", None, 1),
        ("succeeded skipped succeeded", None, 3),
    ],
)
def test_the_current_step_is_the_one_at_work_or_the_one_that_failed(states, current, done):
    steps = tuple(StepView(name, StepState(state)) for name, state in zip(NAMES, states.split(), strict=True))
    whole = replace(progress(StepState.PENDING, **BEGUN), steps=steps)
    assert (whole.current, whole.done) == (None if current is None else steps[current], done)


@pytest.mark.parametrize(
    "given, queued, ended, failed",
    [
        ({}, True, False, False),
        (BEGUN, False, False, False),
        ({"outcome": Outcome.CANCELLED}, False, True, False),
        ({**BEGUN, "outcome": Outcome.FAILED}, False, True, True),
        ({**BEGUN, "outcome": Outcome.NOTHING_TO_DO}, False, True, False),
    ],
)
def test_an_operation_waits_runs_or_has_ended(given, queued, ended, failed):
    shown = progress(StepState.PENDING, **given)
    assert (shown.queued, shown.ended, shown.failed) == (queued, ended, failed)


@pytest.mark.parametrize(
    "name, state, deployed",
    [
        (StepName.DEPLOY, StepState.SUCCEEDED, True),
        (StepName.DEPLOY, StepState.SKIPPED, True),
        (StepName.DEPLOY, StepState.FAILED, False),
        (StepName.WATCH_DEPLOYMENT, StepState.SUCCEEDED, False),
    ],
)
def test_a_deployment_was_accepted_once_it_was_sent(name, state, deployed):
    assert replace(progress(state), steps=(StepView(name, state),)).was_deployed == deployed


@pytest.mark.parametrize("code, conditional", [("access.conditional", True), ("access.allowed", False), (None, False)])
def test_access_that_a_condition_decides_is_told(code, conditional):
    step = StepView(StepName.VERIFY_ACCESS, StepState.SUCCEEDED, note=Note(code) if code else None)
    assert replace(progress(StepState.SUCCEEDED), steps=(step,)).is_conditional == conditional


def stored(**values) -> Operation:
    """An operation as the history has it, with one step and no changes."""
    columns = {"kind": "grant", "region": REGION, "service": SERVICE, "repository": "storefront/web", "version": 3}
    row = Operation(id="1", asked_by="mika", asked_at=ASKED, image_uri="", **{**columns, **values})
    step = {"name": "update_policy", "state": "failed", "attempts": 2, "request_ids": ["a", "b"], "started_at": ASKED}
    row.steps = [Step(**step, note={"code": "aws.again", "params": {"seconds": 2}}, problem=TOLD.to_json())]
    row.changes = values.get("changes", [])
    return row


TOLD = Problem("policy.refused", repository="storefront/web")


def test_rows_are_shown_as_they_are():
    later = ASKED + timedelta(seconds=5)
    values = {"outcome": "failed", "problem": TOLD.to_json(), "started_at": ASKED, "ended_at": later}
    shown = progress_of(stored(**values, follows="0", batch_id="9", cancel_requested_by="ken"), ReadSince.OTHERWISE)
    assert (shown.id, shown.version, shown.kind, shown.asked_by, shown.asked_at) == ("1", 3, Kind.GRANT, "mika", ASKED)
    assert (shown.region, shown.service, shown.repository) == (REGION, SERVICE, "storefront/web")
    assert (shown.started_at, shown.ended_at, shown.outcome) == (ASKED, later, Outcome.FAILED)
    assert (shown.follows, shown.batch_id, shown.cancel_requested, shown.read_since) == ("0", "9", True, "otherwise")
    assert shown.problem.to_json() == TOLD.to_json()
    (step,) = shown.steps
    assert (step.name, step.state, step.attempts, step.request_ids) == ("update_policy", "failed", 2, ("a", "b"))
    assert (step.note, step.problem.code) == (Note("aws.again", {"seconds": 2}), "policy.refused")
    bare = progress_of(stored())
    assert (bare.outcome, bare.problem, bare.cancel_requested) == (None, None, False)
    assert (bare.follows, bare.batch_id, bare.read_since) == ("", "", None)


@pytest.mark.parametrize(
    "kind, ended, change, wrote, unconfirmed",
    [
        ("grant", False, {}, False, False),  # on its way
        ("grant", True, {}, False, True),
        ("grant", False, {"unanswered_at": ASKED}, False, True),
        ("grant", True, {"unanswered_at": ASKED, "written_at": ASKED}, True, False),
        ("grant", True, {"written_at": ASKED}, True, False),
        ("policy_drift", True, {"written_at": ASKED}, False, False),
    ],
)
def test_a_write_is_told_as_done_or_as_unconfirmed(kind, ended, change, wrote, unconfirmed):
    row = stored(kind=kind, ended_at=ASKED if ended else None, changes=[PolicyChange(position=0, **change)])
    shown = progress_of(row)
    assert (shown.wrote_policy, shown.unconfirmed) == (wrote, unconfirmed)
