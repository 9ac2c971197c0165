"""What a progress says of itself."""

from datetime import UTC, datetime, timedelta

import pytest

from app.operations.progress import Progress, StepView
from app.operations.state import Kind, Outcome, StepName, StepState
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
