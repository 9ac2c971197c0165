"""Several services share one statement where a policy is near ECR's limit; each can still be taken out by itself."""

from __future__ import annotations

import json
import random
from itertools import pairwise

import pytest

from app.errors import Problem
from app.limits import POLICY_CHARACTERS
from app.operations.plans import Grantee, repairing, revoking
from app.policy.document import parse
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.grant import plan_grant
from app.policy.principals import principals_of
from app.policy.statement import named_by
from app.policy.undo import Conflict, plan_undo
from app.policy.verdict import Access
from tests.policy.names import LIGHTSAIL

ENDING = "3bmpn2f6gfm58v2vqr3klpa5jkh35lne4g5q7vb3ec2jf5ho8a7g"
FOREIGN = {
    "Sid": "Team",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": ["ecr:PutImage"],
}


def arn(service: str) -> str:
    return f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/us-east-1/containers/{service}/private-repo-access/{ENDING}"


def granted(text: str | None, *services: str) -> str:
    for service in services:
        text = plan_grant(text, principal_arn=arn(service), service=service).after
    assert text is not None
    return text


def names(count: int) -> list[str]:
    return [f"service-{number:02}" for number in range(count)]


def shared_in(text: str) -> list[dict]:
    return [each for each in parse(text).statements if each.get("Sid") == "AllowLightsailPull"]


def filled() -> tuple[str, list[str]]:
    """A policy in which the services share a statement, and these services."""
    text, services = json.dumps({"Version": "2012-10-17", "Statement": [FOREIGN]}), []
    while not shared_in(text):
        services.append(f"service-{len(services):02}")
        text = granted(text, services[-1])
    return text, services


def can_pull(text: str | None, service: str) -> bool:
    return evaluate(text, arn(service)).access is Access.ALLOWED


def test_far_from_the_limit_each_service_has_a_statement_of_its_own():
    text = granted(None, "web", "api")
    assert [each["Sid"] for each in parse(text).statements] == ["AllowLightsailPull-web", "AllowLightsailPull-api"]


def test_near_the_limit_the_services_share_one_statement_and_other_peoples_stay():
    text, services = filled()
    team, shared = parse(text).statements
    assert team == FOREIGN
    assert [value for _, value in named_by(shared)] == [arn(service) for service in services]
    assert len(text) < 0.9 * POLICY_CHARACTERS
    assert all(can_pull(text, service) for service in services)


def test_more_services_fit_than_statements_would():
    text, services = filled()
    more = [f"more-{number}" for number in range(10)]
    text = granted(text, *more)
    assert len(parse(text).statements) == 2
    assert all(can_pull(text, service) for service in (*services, *more))
    with pytest.raises(Problem, match=r"policy\.too_long"):
        granted(text, *names(90)[60:])


def test_a_statement_that_says_more_is_not_shared():
    text, services = filled()
    document = parse(text)
    conditional = {
        "Sid": "AllowLightsailPull-web",
        "Effect": "Allow",
        "Principal": {"AWS": arn("web")},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        "Condition": {"Bool": {"aws:SecureTransport": "true"}},
    }
    text = granted(json.dumps(document.with_statements([conditional, *document.statements]).members), "late")
    assert parse(text).statements[0] == conditional
    assert can_pull(text, services[0])


def test_remove_keeps_the_others():
    text, services = filled()
    plan = revoking(Grantee("us-east-1", services[3], arn(services[3])))
    after = plan(text).after
    assert not can_pull(after, services[3])
    assert all(can_pull(after, service) for service in services if service != services[3])


def test_a_role_that_is_made_anew_takes_the_place_of_its_old_one():
    text, services = filled()
    new = arn(services[3]).replace(ENDING, ENDING[::-1])
    after = repairing(Grantee("us-east-1", services[3], new))(text).after
    (shared,) = shared_in(after)
    principals = [value for _, value in named_by(shared)]
    assert (new in principals, arn(services[3]) in principals, len(principals)) == (True, False, len(services))


def test_a_repair_takes_the_deleted_out_of_the_shared_statement():
    text, services = filled()
    dead = text.replace(arn(services[0]), "AROAIOSFODNN7EXAMPLE1")
    after = repairing(Grantee("us-east-1", services[0], arn(services[0])))(dead).after
    assert "AROAIOSFODNN7EXAMPLE1" not in after
    assert can_pull(after, services[0])
    assert len(shared_in(after)) == 1


@pytest.mark.parametrize("others_come", [False, True])
def test_the_grant_that_made_it_shared_is_undone_alone(others_come):
    text, services = filled()
    before = granted(json.dumps({"Version": "2012-10-17", "Statement": [FOREIGN]}), *services[:-1])
    now = granted(text, "later") if others_come else text
    undone = plan_undo(before, text, now)
    assert not isinstance(undone, Conflict)
    assert not can_pull(undone.after, services[-1])
    assert all(can_pull(undone.after, service) for service in services[:-1])
    assert can_pull(undone.after, "later") is others_come


def test_a_grant_from_before_it_was_shared_is_undone():
    text, services = filled()
    start = json.dumps({"Version": "2012-10-17", "Statement": [FOREIGN]})
    before = granted(start, *services[:2])
    ours = granted(before, services[2])
    undone = plan_undo(before, ours, text)
    assert not isinstance(undone, Conflict)
    assert not can_pull(undone.after, services[2])
    assert all(can_pull(undone.after, service) for service in services if service != services[2])


def test_a_removal_from_before_it_was_shared_is_undone():
    text, services = filled()
    start = json.dumps({"Version": "2012-10-17", "Statement": [FOREIGN]})
    before = granted(start, *services[:2], "gone")
    ours = revoking(Grantee("us-east-1", "gone", arn("gone")))(before).after
    undone = plan_undo(before, ours, text)
    assert not isinstance(undone, Conflict)
    assert can_pull(undone.after, "gone")
    assert all(can_pull(undone.after, service) for service in services)


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [FOREIGN, *statements]})


@pytest.mark.parametrize("alone", [False, True])
def test_the_first_grant_of_a_policy_is_undone_after_it_was_shared(alone):
    """There was no statement of ours before it."""
    text, services = filled()
    if alone:
        for service in services[1:]:
            text = revoking(Grantee("us-east-1", service, arn(service)))(text).after
    ours = granted(policy(), services[0])
    undone = plan_undo(policy(), ours, text)
    assert not isinstance(undone, Conflict)
    assert not can_pull(undone.after, services[0])
    assert all(can_pull(undone.after, service) is not alone for service in services[1:])
    assert parse(undone.after).statements[0] == FOREIGN
    assert all(named_by(statement) for statement in parse(undone.after).statements)


@pytest.mark.parametrize("seed", range(4))
def test_every_grant_is_undone_in_any_order(seed):
    _, services = filled()
    texts = [policy()]
    for service in services:
        texts.append(granted(texts[-1], service))
    grants = dict(zip(services, pairwise(texts), strict=True))
    random.Random(seed).shuffle(services)
    now = texts[-1]
    for number, service in enumerate(services):
        undone = plan_undo(*grants[service], now)
        assert not isinstance(undone, Conflict)
        now = undone.after
        assert [can_pull(now, each) for each in services] == [at > number for at in range(len(services))]
    assert json.loads(now) == json.loads(policy())
    assert not any(plan_undo(*each, now).needed for each in grants.values())


def test_the_undo_of_the_grant_that_made_it_shared_gives_nobody_access_again():
    """The other services were removed since, by a person or by the same Undo all."""
    text, services = filled()
    before = granted(policy(), *services[:-1])
    assert not plan_undo(before, text, policy()).needed
    split = granted(policy(), services[0], services[-1])
    after = plan_undo(before, text, split).after
    assert [can_pull(after, each) for each in services] == [each == services[0] for each in services]


def test_a_removal_from_the_shared_statement_is_undone_after_that_is_gone():
    text, services = filled()
    less = revoking(Grantee("us-east-1", services[0], arn(services[0])))(text).after
    after = plan_undo(text, less, granted(policy(), "new")).after
    assert [can_pull(after, each) for each in (services[0], services[1], "new")] == [True, False, True]


def test_what_is_put_back_joins_the_shared_statement():
    """A second one of the same Sid would be refused; there was no other statement of ours then."""
    text, services = filled()
    before = granted(policy(), "gone")
    undone = plan_undo(before, policy(), text)
    assert not isinstance(undone, Conflict)
    assert len(shared_in(undone.after)) == 1
    assert all(can_pull(undone.after, service) for service in ("gone", *services))


def test_an_undo_names_no_role_that_was_deleted_since_by_its_arn():
    """ECR reads it back as an id, by which it can be removed; the role of that ARN is no more."""
    text, services = filled()
    less = revoking(Grantee("us-east-1", services[0], arn(services[0])))(text).after
    dead = less.replace(arn(services[1]), "AROAIOSFODNN7EXAMPLE1")
    after = plan_undo(text, less, dead).after
    assert can_pull(after, services[0])
    assert (arn(services[1]) in after, "AROAIOSFODNN7EXAMPLE1" in after) == (False, True)
    assert all(can_pull(after, service) for service in services[2:])


def test_findings_know_each_service_of_a_shared_statement():
    text, services = filled()
    assert {ref.service for ref in principals_of(text) if ref.service} == set(services)
    told = findings(text, service=services[2], region="us-east-1", role=arn(services[2]))
    assert not [finding for finding in told if finding.principal == arn(services[2])]
    old = findings(text, service=services[2], region="us-east-1", role=arn("other"))
    assert [finding.code for finding in old if finding.principal == arn(services[2])]


def test_another_tools_statement_for_one_service_is_left_alone_far_from_the_limit():
    """What that tool writes next would take out whoever was put into its statement."""
    foreign = {
        "Sid": "AllowLightsailPull",
        "Effect": "Allow",
        "Principal": {"AWS": arn("blog")},
        "Action": ["ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
    }
    after = parse(granted(json.dumps({"Version": "2012-10-17", "Statement": [foreign]}), "shop")).statements
    assert after[0] == foreign
    assert [named_by(each) for each in after[1:]] == [(("AWS", arn("shop")),)]
