"""No write is sent that is based on an old read: another's write since would be overwritten."""

import pytest

from app.operations import context
from tests.build import SERVICE, a_policy, a_statement
from tests.operations.workshop import actions, active, repository

WEB = "storefront/web"
GET = "ecr:GetRepositoryPolicy"
READ, WRITE = "GetRepositoryPolicy", "SetRepositoryPolicy"


@pytest.fixture
def ready(aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    return aws


@pytest.fixture
def pass_time(shop):
    """Lets so great a part of the time pass for which a reading is fresh."""

    def passed(part: float) -> None:
        shop.services.clock._began -= part * context.current().fresh_seconds / shop.speed

    return passed


def readings_before_the_write(aws) -> int:
    """How often the policy was read before it was written, which it was once."""
    made = [action for action in actions(aws) if action in (READ, WRITE)]
    assert made.count(WRITE) == 1
    return made.index(WRITE)


def foreign(aws):
    repository(aws, WEB, a_policy([*aws.policy_of(WEB)["Statement"], a_statement(sid="Late")]))


def test_a_reading_that_took_half_of_its_time_to_arrive_is_made_again(shop, ready, pass_time):
    ready.meanwhile(GET, lambda: pass_time(0.6))
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"
    assert readings_before_the_write(ready) >= 2


def test_a_process_that_stood_still_sends_nothing_before_it_has_read_again(shop, ready, pass_time):
    def stand_still():
        pass_time(1.1)
        foreign(ready)

    shop.points.do["write-planned"] = stand_still
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"
    assert readings_before_the_write(ready) >= 2
    assert [each["Sid"] for each in ready.policy_of(WEB)["Statement"]] == [
        "BuildTeamPull",
        "Late",
        f"AllowLightsailPull-{SERVICE}",
    ]


def test_readings_that_never_come_in_time_are_tried_up_to_the_fence_and_no_further(shop, ready, pass_time):
    def slowly():
        ready.meanwhile(GET, slowly)
        pass_time(1.1)

    ready.meanwhile(GET, slowly)
    started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).problem.code == "policy.old_reading"
    assert WRITE not in actions(ready)
    assert shop.changes(started) == []
