"""Conditions, by IAM's rules: each operator, each way in which a key can be absent, and the keys of a pull."""

from __future__ import annotations

import time

import pytest

from app.sandbox.conditions import are_met
from app.sandbox.identity import Identity, own_user
from app.sandbox.request_context import RequestContext, Resource, context_of
from tests.slowness import slowness

PULLER = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/web/private-repo-access/abc"
REPOSITORY = Resource(
    "arn:aws:ecr:us-east-1:123456789012:repository/app",
    "123456789012",
    "us-east-1",
    organization="o-exampleorgid",
    tags=(("Team", "payments"), ("dp:exclude:identity", "true")),
)
NOW = 1_795_000_000.0  # 2026-11-18T11:06:40Z
PULL = context_of(Identity(PULLER, is_temporary=True), REPOSITORY, NOW)
VALUES = RequestContext(
    {"k": "Abc", "n": "5", "d": "2026-05-05T00:00:00Z", "b": "TRUE", "ip": "192.0.2.7", "six": "2001:db8::7"}
    | {"many": ("a", "b"), "none": (), "arn": "arn:aws:iam::123456789012:role/path/name", "bin": "QQ=="}
)


def met(operator, key, expected, context=VALUES, version="2012-10-17"):
    return are_met({operator: {key: expected}}, context, version)


@pytest.mark.parametrize(
    "operator, key, expected, result",
    [
        ("StringEquals", "k", "Abc", True),
        ("StringEquals", "K", ["x", "Abc"], True),
        ("StringEquals", "k", "abc", False),
        ("StringEquals", "k", "A*", False),
        ("StringNotEquals", "k", ["x", "Abc"], False),
        ("StringNotEquals", "k", ["x", "y"], True),
        ("StringEqualsIgnoreCase", "k", "aBC", True),
        ("StringNotEqualsIgnoreCase", "k", "aBC", False),
        ("StringLike", "k", "A?*", True),
        ("StringLike", "k", "a*", False),
        ("StringNotLike", "k", "A*", False),
        ("NumericEquals", "n", "5.0", True),
        ("NumericEquals", "n", 5, True),
        ("NumericNotEquals", "n", "5", False),
        ("NumericLessThan", "n", "6", True),
        ("NumericLessThanEquals", "n", "5", True),
        ("NumericGreaterThan", "n", "5", False),
        ("NumericGreaterThanEquals", "n", "5", True),
        ("NumericLessThan", "n", "many", False),
        ("DateEquals", "d", "2026-05-05", True),
        ("DateNotEquals", "d", "2026-05-05T00:00:01Z", True),
        ("DateLessThan", "d", "2026-05-05T02:00:00+01:00", True),
        ("DateLessThanEquals", "d", "1777939200", True),
        ("DateGreaterThan", "d", "2026-05-04T23:59:59.5Z", True),
        ("DateGreaterThanEquals", "d", "tomorrow", False),
        ("Bool", "b", "true", True),
        ("Bool", "b", True, True),
        ("Bool", "b", "false", False),
        ("BinaryEquals", "bin", "QQ==", True),
        ("BinaryEquals", "bin", "QUI=", False),
        ("IpAddress", "ip", ["10.0.0.0/8", "192.0.2.0/24"], True),
        ("IpAddress", "ip", "192.0.2.7", True),
        ("IpAddress", "six", "2001:db8::/32", True),
        ("IpAddress", "ip", "2001:db8::/32", False),
        ("IpAddress", "ip", "everywhere", False),
        ("NotIpAddress", "ip", "192.0.2.0/24", False),
        ("ArnEquals", "arn", "arn:aws:iam::123456789012:role/*", True),
        ("ArnLike", "arn", "arn:*:iam::*:role/path/nam?", True),
        ("ArnLike", "arn", "arn:*:role/path/name", False),
        ("ArnLike", "arn", "*", False),
        ("ArnLike", "k", "arn:aws:iam::*:*", False),
        ("ArnNotLike", "arn", "arn:aws:iam::123456789012:role/*", False),
        ("ArnNotEquals", "arn", "arn:aws:iam::123456789012:user/*", True),
    ],
)
def test_an_operator_compares(operator, key, expected, result):
    assert met(operator, key, expected) is result


@pytest.mark.parametrize(
    "operator, expected, result",
    [
        ("StringEquals", "x", False),
        ("StringNotEquals", "x", True),
        ("StringNotLike", "*", True),
        ("ArnNotLike", "arn:aws:iam::*:*", True),
        ("NotIpAddress", "0.0.0.0/0", True),
        ("DateNotEquals", "2026-01-01", True),
        ("NumericLessThan", "5", False),
        ("Bool", "false", False),
        ("StringEqualsIfExists", "x", True),
        ("StringNotEqualsIfExists", "x", True),
        ("BoolIfExists", "true", True),
        ("ForAllValues:StringEquals", "x", True),
        ("ForAllValues:StringNotEquals", "x", True),
        ("ForAnyValue:StringEquals", "x", False),
        ("ForAnyValue:StringNotEquals", "x", False),
        ("ForAnyValue:StringLikeIfExists", "x", True),
        ("Null", "true", True),
        ("Null", "false", False),
        ("Null", True, True),
    ],
)
def test_a_key_that_is_absent(operator, expected, result):
    assert met(operator, "absent", expected) is result


@pytest.mark.parametrize(
    "operator, key, expected, result",
    [
        ("ForAllValues:StringEquals", "many", ["a", "b", "c"], True),
        ("ForAllValues:StringEquals", "many", ["a"], False),
        ("ForAllValues:StringNotEquals", "many", ["c"], True),
        ("ForAllValues:StringNotEquals", "many", ["a"], False),
        ("ForAllValues:StringEquals", "none", ["a"], True),
        ("ForAnyValue:StringEquals", "many", ["b", "x"], True),
        ("ForAnyValue:StringEquals", "many", ["x"], False),
        ("ForAnyValue:StringNotEquals", "many", ["a"], True),
        ("ForAnyValue:StringNotEquals", "many", ["a", "b"], False),
        ("ForAnyValue:StringEquals", "none", ["a"], False),
        ("ForAnyValue:StringLike", "k", ["A*"], True),
        ("Null", "many", "false", True),
        ("Null", "k", "true", False),
    ],
)
def test_a_key_with_several_values(operator, key, expected, result):
    assert met(operator, key, expected) is result


def test_all_tests_of_a_condition_must_be_met():
    both = {"StringEquals": {"k": "Abc", "n": "5"}, "Bool": {"b": "true"}}
    assert are_met(both, VALUES, "2012-10-17")
    assert not are_met({**both, "Null": {"k": "true"}}, VALUES, "2012-10-17")


@pytest.mark.parametrize("condition", [[], "x", {"StringEquals": "x"}, {"Strings": {"k": "Abc"}}, {"AtLeast:Bool": {}}])
def test_what_is_no_condition_is_never_met(condition):
    assert not are_met(condition, VALUES, "2012-10-17")


@pytest.mark.parametrize(
    "expected, version, result",
    [
        ("${k}", "2012-10-17", True),
        ("${k}", "2008-10-17", False),
        ("${absent, 'Abc'}", "2012-10-17", True),
        ("${absent}", "2012-10-17", False),
        ("${many}", "2012-10-17", False),
    ],
)
def test_variables_in_values(expected, version, result):
    assert met("StringEquals", "k", expected, version=version) is result


@pytest.mark.parametrize(
    "operator, key, expected, result",
    [
        ("StringEquals", "aws:PrincipalAccount", "947856326339", True),
        ("ArnEquals", "aws:PrincipalArn", PULLER, True),
        ("StringEquals", "aws:PrincipalOrgID", "o-exampleorgid", False),
        ("StringNotEquals", "aws:PrincipalOrgID", "o-exampleorgid", True),
        ("StringNotEquals", "aws:PrincipalOrgID", "${aws:ResourceOrgID}", True),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-exampleorgid/*", False),
        ("Bool", "aws:SecureTransport", "false", False),
        ("BoolIfExists", "aws:PrincipalIsAWSService", "false", True),
        ("Bool", "aws:ViaAWSService", "true", False),
        ("DateGreaterThan", "aws:CurrentTime", "2026-11-18T11:06:39Z", True),
        ("DateLessThan", "aws:CurrentTime", "2026-11-18T11:06:40Z", False),
        ("NumericGreaterThan", "aws:EpochTime", "1794999999", True),
        ("DateGreaterThan", "aws:EpochTime", "2026-11-18", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:lambda:*:*:function:*", False),
        ("StringNotEqualsIfExists", "aws:SourceVpce", "vpce-1", True),
        ("Null", "aws:SourceAccount", "true", True),
        ("StringEquals", "aws:RequestedRegion", "us-east-1", True),
        ("StringEquals", "aws:ResourceAccount", "123456789012", True),
        ("StringEquals", "aws:ResourceTag/team", "payments", True),
        ("StringNotEqualsIfExists", "aws:ResourceTag/dp:exclude:identity", "true", False),
        ("StringEquals", "ecr:ResourceTag/Team", "payments", True),
        ("StringLike", "aws:userid", "AROA*:*", True),
        ("StringEquals", "aws:PrincipalType", "AssumedRole", True),
        ("Null", "aws:username", "true", True),
    ],
)
def test_what_a_pull_by_lightsail_says_of_itself(operator, key, expected, result):
    assert met(operator, key, expected, context=PULL) is result


@pytest.mark.parametrize(
    "operator, expected", [("StringNotEquals", "o-1"), ("StringEquals", "o-1"), ("Null", "true"), ("Null", "false")]
)
def test_what_nobody_told_of_an_accounts_own_caller_meets_no_test(operator, expected):
    own = context_of(own_user("123456789012"), REPOSITORY, NOW)
    assert not met(operator, "aws:PrincipalOrgID", expected, context=own)


def test_an_accounts_own_caller_is_known_by_arn_and_by_its_organization_once_told():
    own = context_of(own_user("123456789012"), REPOSITORY, NOW, "o-exampleorgid")
    assert met("StringEquals", "aws:username", "mika", context=own)
    assert met("StringEquals", "aws:PrincipalOrgID", "o-exampleorgid", context=own)


@pytest.mark.parametrize("size", [400])
def test_many_values_cost_no_more_than_their_number(size):
    hostile = ["*a" * 12 + "*?" * 100 + str(number) for number in range(size)]
    started = time.thread_time()
    for operator in (
        "StringLike",
        "ArnLike",
        "StringEquals",
        "DateLessThan",
        "IpAddress",
        "ForAllValues:StringNotLike",
    ):
        met(operator, "arn", hostile)
    assert time.thread_time() - started < 2.0 * slowness(time.thread_time)
