import pytest

from app.errors import Problem
from app.operations.state import Kind
from tests.build import REGION, SERVICE, a_policy, a_statement, puller_arn
from tests.operations.workshop import active, grant_that_waits, inactive, repository

WEB = "storefront/web"


@pytest.fixture
def waiting(shop, aws):
    """A grant that waits for its role, and does not get it."""
    active(aws, "api")
    repository(aws, WEB)
    with grant_that_waits(shop, SERVICE, WEB) as operation_id:
        yield operation_id


def test_the_same_thing_asked_for_twice_is_one_operation(shop, waiting):
    assert shop.grant(SERVICE, WEB) == waiting


def test_what_has_ended_is_not_found_again(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB)
    first = shop.grant(SERVICE, WEB)
    shop.ended(first)
    assert shop.grant(SERVICE, WEB) != first


def test_another_service_on_the_same_repository_waits_for_its_turn(shop, aws, waiting):
    second = shop.grant("api", WEB)
    third = shop.grant("api", "storefront/other")
    shop.ended(third)  # the queue has been looked at since, and let it by
    assert shop.progress(second).queued
    shop.services.starter.cancel(waiting, "mika")
    assert shop.ended(second).outcome == "succeeded"


def test_two_at_once_on_one_repository_lose_nothing(shop, aws):
    names = [f"service-{number}" for number in range(8)]
    repository(aws, WEB, a_policy())
    for name in names:
        active(aws, name)
    started = [shop.grant(name, WEB) for name in names]
    assert {shop.ended(one).outcome for one in started} == {"succeeded"}
    granted = {statement["Sid"] for statement in aws.policy_of(WEB)["Statement"]}
    assert granted == {"BuildTeamPull", *(f"AllowLightsailPull-{name}" for name in names)}


def test_a_grant_and_a_revoke_of_one_service_happen_in_their_order(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    started = [shop.grant(SERVICE, WEB), shop.revoke(SERVICE, WEB)]
    assert [shop.ended(one).outcome for one in started] == ["succeeded", "succeeded"]
    assert [statement["Sid"] for statement in aws.policy_of(WEB)["Statement"]] == ["BuildTeamPull"]


def test_two_different_texts_to_restore_are_two_operations(shop, aws, waiting):
    one, text = shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=a_policy()), a_policy([a_statement(sid="Other")])
    assert shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=a_policy()) == one
    other = shop.as_previewed(Kind.RESTORE, SERVICE, WEB, text=text)
    assert one != other
    for each in (one, other):
        assert shop.services.starter.cancel(each, "mika")


def test_retry_asks_for_what_an_ended_operation_did_not_do(shop, aws):
    active(aws, SERVICE)
    failed = shop.grant(SERVICE, WEB)
    assert shop.ended(failed).problem.code == "repository.not_found"
    repository(aws, WEB)
    again = shop.services.starter.retry(failed, "ken")
    ended = shop.ended(again)
    assert (ended.outcome, ended.asked_by) == ("succeeded", "ken")


def test_what_lives_can_be_neither_retried_nor_undone(shop, waiting):
    for ask in (shop.services.starter.retry, shop.services.starter.undo):
        with pytest.raises(Problem, match="not_ended"):
            ask(waiting, "mika")


def test_an_operation_that_does_not_exist_cannot_be_retried(shop):
    with pytest.raises(Problem, match="not_found"):
        shop.services.starter.retry("nonsense", "mika")


def test_a_role_activated_by_two_grants_at_once_is_switched_once(shop, aws):
    inactive(aws, SERVICE)
    repository(aws, WEB)
    repository(aws, "storefront/other")
    started = [shop.grant(SERVICE, name) for name in (WEB, "storefront/other")]
    assert {shop.ended(one).outcome for one in started} == {"succeeded"}
    assert aws.services(REGION).get_service(SERVICE).value.role.principal_arn == puller_arn(SERVICE, birth=1)
