"""The effect of one policy on a pull by a service's role: the sandbox's own evaluation, without HTTP."""

from __future__ import annotations

import pytest

from app.sandbox.identity import Identity
from app.sandbox.policy_access import AccessRequest, Effect, allows, effect_of
from app.sandbox.request_context import Resource, context_of

ACCOUNT = "947856326339"
PULLER = f"arn:aws:iam::{ACCOUNT}:role/amazon/lightsail/us-east-1/containers/web/private-repo-access/abc"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/abc/sandbox"
REPOSITORY = Resource("arn:aws:ecr:us-east-1:123456789012:repository/team/app", "123456789012", "us-east-1")


def effect(*statements, version="2012-10-17", caller=PULLER, **more):
    base = {"Effect": "Allow", "Principal": {"AWS": PULLER}, "Action": "ecr:BatchGetImage"}
    written = [
        {key: value for key, value in {**base, **changes}.items() if value is not None} for changes in statements
    ]
    identity = Identity(caller, is_temporary=True)
    request = AccessRequest(identity, "ecr:BatchGetImage", REPOSITORY, context_of(identity, REPOSITORY, 1_700_000_000))
    return effect_of({"Version": version, "Statement": written}, request, **more)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ["x", PULLER]}},
        {"Principal": {"AWS": ACCOUNT}},
        {"Principal": {"AWS": ROOT}},
        {"Principal": {"AWS": SESSION}},
        {"Action": ["ecr:PutImage", "ECR:batchgetimage"]},
        {"Action": "ecr:Batch*"},
        {"Action": "ecr:?atchGetImage"},
        {"Action": "*"},
        {"Action": None, "NotAction": "ecr:PutImage"},
        {"Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/amazon/lightsail/*"}}},
    ],
)
def test_an_allow_that_matches_allows(changes):
    assert effect(changes) is Effect.ALLOW


@pytest.mark.parametrize(
    "changes",
    [
        {"Principal": {"AWS": PULLER + "x"}},
        {"Principal": {"AWS": SESSION + "x"}},
        {"Principal": {"Service": "lambda.amazonaws.com"}},
        {"Principal": "somebody"},
        {"Principal": None},
        {"Action": "ecr:PutImage"},
        {"Action": "ecr:BatchGetImage?"},
        {"Action": None, "NotAction": "ecr:*"},
        {"Effect": "allow"},
        {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
        {"Condition": "always"},
        {"Condition": {"StringMatches": {"aws:PrincipalArn": "*"}}},
    ],
)
def test_what_does_not_match_says_nothing(changes):
    assert effect(changes) is Effect.NONE


@pytest.mark.parametrize("named", [{"AWS": "arn:aws:iam::123456789012:root"}, {"AWS": PULLER}, "*"])
def test_an_allow_with_notprincipal_allows_nobody(named):
    assert effect({"Principal": None, "NotPrincipal": named}) is Effect.NONE


@pytest.mark.parametrize(
    "named, expected",
    [
        pytest.param(["arn:aws:iam::123456789012:root"], Effect.DENY, id="others"),
        pytest.param([PULLER], Effect.DENY, id="the role without its account"),
        pytest.param([ROOT], Effect.DENY, id="the account without the role"),
        pytest.param([PULLER, ROOT], Effect.DENY, id="both without the session"),
        pytest.param([SESSION, ROOT], Effect.DENY, id="the session and its account without the role"),
        pytest.param([PULLER, SESSION, ROOT], Effect.NONE, id="all three"),
        pytest.param([PULLER, SESSION, ACCOUNT], Effect.NONE, id="all three, the account by its id"),
        pytest.param(["*"], Effect.NONE, id="everyone"),
    ],
)
def test_a_deny_with_notprincipal_spares_who_is_named_with_its_account(named, expected):
    assert effect({"Effect": "Deny", "Principal": None, "NotPrincipal": {"AWS": named}}) is expected


def test_a_deny_beats_an_allow_wherever_it_stands():
    deny = {"Effect": "Deny", "Principal": "*"}
    assert effect(deny, {}) is effect({}, deny) is Effect.DENY


def test_a_deny_whose_condition_is_not_met_denies_nothing():
    assert effect({}, {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}) is Effect.ALLOW


@pytest.mark.parametrize(
    "resource, expected",
    [
        ({"Resource": "*"}, Effect.ALLOW),
        ({"Resource": ["arn:aws:ecr:us-east-1:123456789012:repository/other", REPOSITORY.arn]}, Effect.ALLOW),
        ({"Resource": "arn:aws:ecr:*:123456789012:repository/team/*"}, Effect.ALLOW),
        ({"Resource": "arn:aws:ecr:us-east-1:${aws:ResourceAccount}:repository/team/*"}, Effect.ALLOW),
        ({"Resource": "arn:aws:ecr:us-east-1:${aws:PrincipalAccount}:repository/team/*"}, Effect.NONE),
        ({"Resource": "arn:aws:ecr:us-east-1:${aws:PrincipalTag/account}:repository/*"}, Effect.NONE),
        ({"Resource": "arn:aws:ecr:us-east-1:123456789012:repository/TEAM/*"}, Effect.NONE),
        ({"NotResource": REPOSITORY.arn}, Effect.NONE),
        ({"NotResource": "arn:aws:ecr:us-east-1:123456789012:repository/other"}, Effect.ALLOW),
        ({}, Effect.NONE),
    ],
)
def test_a_policy_that_names_resources_is_about_those_alone(resource, expected):
    assert effect(resource, names_resources=True) is expected


def test_variables_count_under_the_newer_version_alone():
    resource = {"Resource": "arn:aws:ecr:us-east-1:${aws:ResourceAccount}:repository/*"}
    assert effect(resource, version="2008-10-17", names_resources=True) is Effect.NONE


def test_a_user_is_named_by_arn_or_account():
    user = "arn:aws:iam::210987654321:user/ken"
    assert effect({"Principal": {"AWS": user}}, caller=user) is Effect.ALLOW
    assert effect({"Principal": {"AWS": "210987654321"}}, caller=user) is Effect.ALLOW
    assert effect({"Principal": {"AWS": user + "a"}}, caller=user) is Effect.NONE


def test_a_policy_by_itself_allows_by_principal():
    statement = {"Effect": "Allow", "Principal": {"AWS": PULLER}, "Action": "ecr:Batch*"}
    assert allows({"Statement": [statement]}, PULLER, "ecr:BatchGetImage")
    assert not allows({"Statement": [statement]}, PULLER, "ecr:GetDownloadUrlForLayer")
    assert not allows({"Statement": [statement, {**statement, "Effect": "Deny"}]}, PULLER, "ecr:BatchGetImage")
    assert not allows(None, PULLER, "ecr:BatchGetImage")


@pytest.mark.parametrize(
    "document", [None, {}, {"Statement": "x"}, {"Statement": ["x", None, {}]}, {"Statement": {"Effect": ["Allow"]}}]
)
def test_a_wreck_of_a_policy_says_nothing(document):
    identity = Identity(PULLER, is_temporary=True)
    request = AccessRequest(identity, "ecr:BatchGetImage", REPOSITORY, context_of(identity, REPOSITORY, 0))
    assert effect_of(document, request) is Effect.NONE
