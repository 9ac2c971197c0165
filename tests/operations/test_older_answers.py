"""AWS does not promise that a read shows the write before it."""

import pytest

from app.operations import policy_steps
from tests.build import SERVICE, a_policy, a_statement
from tests.operations.workshop import SPEED, actions, active, repository

WEB = "storefront/web"
OTHER = "reporting"


@pytest.fixture(autouse=True)
def slow_machine(monkeypatch):
    """A write is of just now however long this machine takes to read it."""
    monkeypatch.setattr(policy_steps, "JUST_NOW", policy_steps.JUST_NOW * SPEED)


@pytest.fixture
def granted(shop, aws):
    """A repository of two active services, one of which has just been given access; the text before that."""
    active(aws, SERVICE)
    active(aws, OTHER)
    repository(aws, WEB, a_policy())
    shop.ended(shop.grant(SERVICE, WEB))
    return a_policy()


def sids(aws) -> set[str]:
    return {statement["Sid"] for statement in aws.policy_of(WEB)["Statement"]}


def test_an_older_answer_takes_nothing_back_that_another_operation_did(shop, aws, granted):
    aws.tell_older(granted, granted)
    assert shop.ended(shop.grant(OTHER, WEB)).outcome == "succeeded"
    assert sids(aws) == {"BuildTeamPull", f"AllowLightsailPull-{SERVICE}", f"AllowLightsailPull-{OTHER}"}


def test_older_answers_do_not_hide_what_is_to_be_taken_out(shop, aws, granted):
    aws.tell_older(granted, granted)
    assert shop.ended(shop.revoke(SERVICE, WEB)).outcome == "succeeded"
    assert sids(aws) == {"BuildTeamPull"}


def test_an_older_text_that_nobody_had_seen_brings_nothing_back(shop, aws, granted):
    between = a_policy([a_statement(sid="Nightly")])  # written between our read and our write, and so overwritten
    aws.tell_older(between, between)
    assert shop.ended(shop.grant(OTHER, WEB)).outcome == "succeeded"
    assert sids(aws) == {"BuildTeamPull", f"AllowLightsailPull-{SERVICE}", f"AllowLightsailPull-{OTHER}"}


def test_a_text_that_somebody_put_back_is_believed_in_the_end(shop, aws, granted):
    repository(aws, WEB, granted)
    assert shop.ended(shop.grant(OTHER, WEB)).outcome == "succeeded"
    assert sids(aws) == {"BuildTeamPull", f"AllowLightsailPull-{OTHER}"}


def test_a_proof_that_tells_the_text_before_is_read_again_and_nothing_written(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    shop.points.do["policy-written"] = lambda: aws.tell_older(a_policy())
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"
    assert actions(aws).count("SetRepositoryPolicy") == 1
