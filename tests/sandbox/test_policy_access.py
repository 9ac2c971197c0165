"""The sandbox's own reading of policies: who may pull."""

from __future__ import annotations

import pytest

from app.sandbox.policy_access import allows, denies

PULLER = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/web/private-repo-access/abc"
ACTION = "ecr:BatchGetImage"


def a_policy(*statements):
    base = {"Effect": "Allow", "Principal": {"AWS": PULLER}, "Action": ACTION}
    return {"Statement": [{k: v for k, v in {**base, **changes}.items() if v is not None} for changes in statements]}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["x", PULLER]}},
        {"Principal": {"AWS": "947856326339"}},
        {"Principal": {"AWS": "arn:aws:iam::947856326339:root"}},
        {"Principal": None, "NotPrincipal": {"AWS": "x"}},
        {"Action": ["ecr:PutImage", "ECR:batchgetimage"]},
        {"Action": "ecr:Batch*"},
        {"Action": "*"},
        {"Action": None, "NotAction": "ecr:PutImage"},
    ],
)
def test_an_allow_that_matches_allows(changes):
    assert allows(a_policy(changes), PULLER, ACTION)


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"AWS": PULLER + "x"}},
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        {"Principal": "somebody"},
        {"Principal": None, "NotPrincipal": {"AWS": PULLER}},
        {"Action": "ecr:PutImage"},
        {"Action": None, "NotAction": "ecr:*"},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Effect": "Deny"},
    ],
)
def test_what_does_not_match_allows_nothing(changes):
    assert not allows(a_policy(changes), PULLER, ACTION)


def test_no_policy_allows_nothing():
    assert not allows(None, PULLER, ACTION)


def test_a_deny_beats_an_allow_wherever_it_stands():
    deny = {"Effect": "Deny", "Principal": "*"}
    assert not allows(a_policy(deny, {}), PULLER, ACTION)
    assert denies(a_policy({}, deny), PULLER, ACTION)
