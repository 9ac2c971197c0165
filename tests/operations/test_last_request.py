"""The last request decides the result, whatever is running when it comes."""

from dataclasses import replace

import pytest

from app.errors import Problem
from app.history.store import LiveOperation, NewOperation
from app.operations import role_steps
from app.operations.ordering import join
from app.operations.state import Kind, StepName
from tests.build import REGION, SERVICE, a_policy
from tests.operations.workshop import active, inactive, repository

pytestmark = pytest.mark.both_databases

WEB = "storefront/web"
OURS = f"AllowLightsailPull-{SERVICE}"
HELD = 100_000


@pytest.fixture
def held(shop, aws):
    """The repository's queue, held by another service's grant until `release` is called."""
    aws.activation_seconds, usual = HELD, aws.activation_seconds
    inactive(aws, "api")
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    holding = shop.grant("api", WEB)
    shop.at(holding, StepName.WAIT_FOR_ROLE)
    aws.activation_seconds = usual

    def release():
        shop.services.starter.cancel(holding, "mika")
        shop.ended(holding)

    yield release
    release()


def sids(aws) -> list[str]:
    return [statement["Sid"] for statement in aws.policy_of(WEB)["Statement"]]


def test_a_removal_requested_after_an_add_is_not_swallowed_by_an_earlier_removal(shop, aws, held):
    requested = [shop.revoke(SERVICE, WEB), shop.grant(SERVICE, WEB), shop.revoke(SERVICE, WEB)]
    assert len(set(requested)) == 3
    held()
    for operation in requested:
        shop.ended(operation)
    assert sids(aws) == ["BuildTeamPull"]


def test_an_add_requested_after_a_removal_is_not_swallowed_by_an_earlier_add(shop, aws, held):
    requested = [shop.grant(SERVICE, WEB), shop.revoke(SERVICE, WEB), shop.grant(SERVICE, WEB)]
    held()
    for operation in requested:
        shop.ended(operation)
    assert sids(aws) == ["BuildTeamPull", OURS]


def test_an_add_requested_after_a_cancel_does_not_join_what_is_being_cancelled(shop, aws):
    aws.activation_seconds, usual = HELD, aws.activation_seconds
    inactive(aws, SERVICE)
    repository(aws, WEB, a_policy())
    first = shop.grant(SERVICE, WEB)
    shop.at(first, StepName.WAIT_FOR_ROLE)
    aws.activation_seconds = usual
    with aws.lock:
        shop.services.starter.cancel(first, "mika")
        second = shop.grant(SERVICE, WEB)
    assert second != first
    active(aws, SERVICE)
    assert (shop.ended(first).outcome, shop.ended(second).outcome) == ("cancelled", "succeeded")


def test_a_role_ends_as_it_was_requested_last(shop, aws):
    inactive(aws, SERVICE)
    with aws.lock:  # none of them is done before the last is requested
        requested = [shop.start(kind, SERVICE) for kind in (Kind.ACTIVATE, Kind.DEACTIVATE, Kind.ACTIVATE)]
    for operation in requested:
        shop.ended(operation)
    assert aws.services(REGION).get_service(SERVICE).value.role.is_active


def test_the_same_request_twice_is_one_operation(shop, aws, held):
    assert shop.grant(SERVICE, WEB) == shop.grant(SERVICE, WEB)


def test_prunes_of_different_principals_are_different_requests(shop, aws, held):
    seen = "0" * 32
    first, again, other = (
        shop.start(Kind.PRUNE, SERVICE, WEB, principals=[dead], previewed=seen) for dead in ("AROA1", "AROA1", "AROA2")
    )
    assert (again == first, other == first) == (True, False)


def test_a_deactivation_with_its_statements_joins_none_without(shop, aws):
    inactive(aws, SERVICE)
    with aws.lock:  # neither begins before both are requested
        without, with_them, again = (
            shop.start(Kind.DEACTIVATE, SERVICE, **given) for given in ({}, *[{"remove_statements": True}] * 2)
        )
    assert (with_them == without, again == with_them) == (False, True)
    for operation in (without, with_them):
        shop.ended(operation)


def test_nothing_is_given_to_a_role_that_is_being_deactivated(shop, aws):
    service, name = "storefront-off", "storefront/off"  # of its own: what other tests left may still be at work
    active(aws, service)
    repository(aws, name, a_policy())
    with aws.lock:  # it is at work until then
        off = shop.start(Kind.DEACTIVATE, service)
        with pytest.raises(Problem, match="deactivating"):
            shop.grant(service, name)
    shop.ended(off)
    assert shop.ended(shop.grant(service, name)).outcome == "succeeded"


def test_a_role_is_deactivated_only_after_the_grants_that_were_requested_before(shop, aws, held):
    grant = shop.grant(SERVICE, WEB)
    off = shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True)
    shop.at(off, StepName.REMOVE_STATEMENTS, "role.waits_for_grants")
    held()
    assert (shop.ended(grant).outcome, shop.ended(off).outcome) == ("succeeded", "succeeded")
    assert sids(aws) == ["BuildTeamPull"]


def test_a_role_that_somebody_activates_again_is_not_told_as_off(shop, aws, monkeypatch):
    active(aws, SERVICE)
    usual = role_steps.wait_until_off

    async def seen_off_and_activated_again(step, deadline):
        await usual(step, deadline)
        active(aws, SERVICE)

    monkeypatch.setattr(role_steps, "wait_until_off", seen_off_and_activated_again)
    assert shop.ended(shop.start(Kind.DEACTIVATE, SERVICE)).problem.code == "role.switched_on"


GRANT = NewOperation("new", "grant", "default", REGION, SERVICE, WEB, "grant", "mika", ())


def live(kind: str, *, service: str = SERVICE, subject: str = "", cancelled: bool = False, **given) -> LiveOperation:
    name = "" if kind in ("activate", "deactivate") else WEB
    return LiveOperation(kind, kind, service, name, subject or kind, cancelled, given)


@pytest.mark.parametrize(
    "under_way, joined",
    [
        ([live("grant")], "grant"),
        ([live("grant", cancelled=True)], ""),
        ([live("grant"), live("revoke")], ""),
        ([live("grant"), live("revoke", service="api")], "grant"),
        ([live("grant"), live("restore", service="api")], ""),
        ([live("grant"), live("repair")], ""),
        ([live("grant", previewed="a")], "grant"),
        ([], ""),
    ],
)
def test_a_request_joins_only_what_nothing_later_can_change(under_way, joined):
    assert join(GRANT, under_way) == joined


@pytest.mark.parametrize("shown, joined", [("a", "grant"), ("b", "")])
def test_a_previewed_request_joins_only_what_was_previewed_alike(shown, joined):
    assert join(replace(GRANT, input={"previewed": shown}), [live("grant", previewed="a")]) == joined
