import pytest

from app.operations.read import list_running
from app.operations.state import StepName
from tests.build import REGION, SERVICE, a_policy
from tests.operations.workshop import active, grant_that_waits, repository, step

WEB = "storefront/web"


@pytest.fixture
def waiting(shop, aws):
    """A grant that waits for its role, and does not get it."""
    repository(aws, WEB, a_policy())
    with grant_that_waits(shop, SERVICE, WEB) as operation_id:
        yield operation_id


@pytest.fixture
def cancel(shop):
    return shop.services.starter.cancel


def test_a_waiting_operation_ends_cancelled_and_says_where(shop, aws, waiting, cancel):
    assert cancel(waiting, "ken")
    ended = shop.ended(waiting)
    assert (ended.outcome, ended.wrote_policy) == ("cancelled", False)
    assert [str(seen.state) for seen in ended.steps] == ["succeeded", "cancelled", "cancelled", "cancelled"]


@pytest.mark.both_databases
def test_what_waits_is_listed_as_running_until_it_has_ended(shop, waiting, cancel):
    def running(service: str) -> list[str]:
        return [each.id for each in list_running(shop.services.db, shop.services.connection, REGION, service)]

    assert (running(SERVICE), running("another")) == ([waiting], [])
    cancel(waiting, "ken")
    shop.ended(waiting)
    assert running(SERVICE) == []


def test_a_queued_operation_ends_at_once_and_never_begins(shop, aws, waiting, cancel):
    queued = shop.revoke(SERVICE, WEB)
    assert cancel(queued, "ken")
    seen = shop.progress(queued)
    assert (seen.outcome, seen.started_at, seen.done) == ("cancelled", None, 0)


def test_what_was_cancelled_in_the_queue_can_be_asked_for_again(shop, aws, waiting, cancel):
    queued = shop.revoke(SERVICE, WEB)
    cancel(queued, "ken")
    again = shop.revoke(SERVICE, WEB)
    cancel(waiting, "ken")
    assert (again != queued, shop.ended(again).outcome) == (True, "nothing_to_do")
    assert shop.progress(queued).started_at is None


def test_an_operation_is_asked_to_stop_only_once(shop, waiting, cancel):
    assert cancel(waiting, "ken")
    assert not cancel(waiting, "mika")


def test_what_has_ended_cannot_be_cancelled(shop, aws, cancel):
    active(aws, SERVICE)
    repository(aws, WEB)
    done = shop.grant(SERVICE, WEB)
    shop.ended(done)
    assert not cancel(done, "ken")
    assert shop.progress(done).outcome == "succeeded"


def test_a_cancel_before_the_write_leaves_the_policy_alone(shop, aws, cancel):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    started: list[str] = []
    aws.meanwhile("ecr:GetRepositoryPolicy", lambda: cancel(started[0], "ken"))
    with aws.lock:
        started.append(shop.grant(SERVICE, WEB))
    ended = shop.ended(started[0])
    assert (ended.outcome, shop.changes(started[0])) == ("cancelled", [])
    assert len(aws.policy_of(WEB)["Statement"]) == 1


def test_a_cancel_after_the_write_says_what_was_done(shop, aws, cancel):
    active(aws, SERVICE)
    repository(aws, WEB)
    started: list[str] = []
    shop.points.do["policy-written"] = lambda: cancel(started[0], "ken")
    with aws.lock:
        started.append(shop.grant(SERVICE, WEB))
    ended = shop.ended(started[0])
    assert (ended.outcome, ended.wrote_policy) == ("cancelled", True)
    assert step(ended, StepName.UPDATE_POLICY).state == "succeeded"


def test_what_a_cancelled_operation_did_can_be_undone(shop, aws, cancel):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    started: list[str] = []
    shop.points.do["policy-written"] = lambda: cancel(started[0], "ken")
    with aws.lock:
        started.append(shop.grant(SERVICE, WEB))
    shop.ended(started[0])
    assert shop.ended(shop.services.starter.undo(started[0], "ken")).outcome == "succeeded"
    assert len(aws.policy_of(WEB)["Statement"]) == 1
