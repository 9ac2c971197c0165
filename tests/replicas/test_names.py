"""A name belongs to one running process."""

import pytest

from app.operations.state import StepName
from tests.console import until

pytestmark = [pytest.mark.crash, pytest.mark.postgres]
OFF, BARE = "payments-api", "payments/api"


def test_a_second_process_of_the_same_name_is_refused(world, replica):
    replica("first")
    with pytest.raises(AssertionError, match="give each replica a name of its own"):
        replica("first")


def test_a_replica_that_was_killed_comes_back_under_its_name_at_once(world, replica):
    world.sandbox.options(activation_seconds=600)
    first = replica("first")
    operation_id = first.start("grant", OFF, BARE)
    until(lambda: world.progress(operation_id).current, lambda step: step and step.name == StepName.WAIT_FOR_ROLE)
    first.kill()
    again = replica("first")
    until(again.work, lambda work: work == [operation_id])
    world.sandbox.advance(600)
    assert world.ended(operation_id).outcome == "succeeded"


def test_a_stalled_process_whose_name_was_taken_ends_itself(world, replica):
    first = replica("first")
    first.stall()
    replica("first")
    first.wake()
    assert first.dies() != 0
