from datetime import UTC, datetime

import pytest

from app.policy.conditions import Condition
from app.policy.context_keys import FACTS, OPEN, RequestContext, fact_of
from tests.policy.build import NOW
from tests.policy.names import DEAD, GENERAL, MIKA, PULLER

REPOSITORY = "arn:aws:ecr:eu-west-1:220022002200:repository/shop/api"
CALLERS = [
    ("AWS", PULLER),
    ("AWS", GENERAL),
    ("AWS", "arn:aws:iam::220022002200:role/team/ci"),
    ("AWS", MIKA),
    ("AWS", "arn:aws:sts::220022002200:assumed-role/ci/run"),
    ("AWS", "220022002200"),
    ("AWS", DEAD),
    ("AWS", "*"),
    ("Service", "lambda.amazonaws.com"),
    ("Federated", "idp"),
]


def key_of(fact):
    return fact.key.replace("*", "x")


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.key)
def test_what_is_said_to_be_the_same_for_all_is(fact):
    said = {RequestContext.of(*caller, REPOSITORY, NOW).possible(key_of(fact)) for caller in CALLERS}
    assert len(said) == 1 or fact.personal
    assert fact.why
    assert fact_of(key_of(fact)) is fact


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.key)
def test_of_somebody_whose_kind_is_not_known_nothing_personal_is_certain(fact):
    assert not fact.personal or RequestContext.of("AWS", "*", REPOSITORY, NOW).possible(key_of(fact)) == OPEN


@pytest.mark.parametrize("key", ["aws:PrincipalTag/team", "aws:SourceIp", "aws:ResourceTag/x", "s3:prefix", ""])
def test_what_stands_in_no_row_is_open(key):
    assert RequestContext.of("AWS", PULLER, REPOSITORY, NOW).possible(key.lower()) == OPEN


@pytest.mark.parametrize("key", ["aws:CurrentTime", "aws:EpochTime", "aws:RequestedRegion", "aws:ResourceAccount"])
def test_what_was_not_given_in_is_not_known(key):
    request = RequestContext.of("AWS", PULLER, "", None)
    assert all(value is None or not isinstance(value[0], str) for value in request.possible(key.lower()))


@pytest.mark.parametrize(
    "condition",
    [
        Condition("DateGreaterThan", "aws:CurrentTime", ("9" * 5_000,)),
        Condition("DateGreaterThan", "aws:CurrentTime", ("2025",)),
        Condition("NumericLessThan", "s3:TlsVersion", ("1e999",)),
        Condition("NumericLessThan", "s3:TlsVersion", ("--1",)),
        Condition("Bool", "aws:SecureTransport", ("yes",)),
        Condition("ArnLike", "aws:PrincipalArn", ("*",)),
        Condition("ArnLike", "aws:PrincipalAccount", ("arn:aws:iam::1:role/x",)),
        Condition("ForAnyValue:StringEqualsIfExists", "aws:CalledVia", ("x",)),
        Condition("StringNotLike", "aws:PrincipalOrgPaths", ("o-exampleorgid/*",)),
        Condition("StringEquals", "aws:PrincipalAccount", ("${aws:SourceIp}",), variables=True),
        Condition("", "aws:PrincipalAccount", ("x",)),
        Condition("ForAllValues:Null", "aws:PrincipalAccount", ("true",)),
    ],
)
def test_what_aws_does_not_define_is_left_open(condition):
    request = RequestContext.of("AWS", PULLER, REPOSITORY, datetime(2026, 1, 1, tzinfo=UTC))
    assert condition.holds(request) is None
