"""Edges of the policies that no other test came to, as random faults in the code showed."""

import json
from datetime import UTC, datetime

import pytest

from app.errors import Problem
from app.policy.aligning import aligned
from app.policy.arns import account_named
from app.policy.commands import System, Target, delete_policy
from app.policy.comparing import moment
from app.policy.context_keys import Hidden, RequestContext, fact_of
from app.policy.diff import diff_texts
from app.policy.document import parse
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.glob import glob
from app.policy.layers import Layer, RegistryPolicy, RegistryScope
from app.policy.mend import mend
from app.policy.messages import say
from app.policy.permissions import Need
from app.policy.refusal import refusal_reasons
from app.policy.revoke import plan_revoke
from app.policy.sequences import common
from app.policy.strict_json import load, load_many
from app.policy.undo import plan_undo
from app.policy.verdict import Access
from tests.policy.build import a_policy, a_statement
from tests.policy.names import LIGHTSAIL, MIKA, PULL, PULLER

ACCOUNT = "220022002200"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deployer"
ARN = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/web"


def test_names_that_are_stored_and_spoken_stay_as_they_are():
    assert [*Layer] == ["repository", "registry"]
    assert [*Need] == ["read", "manage", "deploy", "diagnose", "inspect"]


@pytest.mark.parametrize("value", ["twelve-signs", "arn:aws:iam::x:root", "", "1234567890123"])
def test_what_only_looks_like_an_account_names_none(value):
    assert account_named(value) == ""


@pytest.mark.parametrize("text, seconds", [("1234", None), ("12345", 12345.0), ("123456789012", 123456789012.0)])
def test_seconds_since_1970_have_five_to_twelve_digits(text, seconds):
    assert moment(text) == seconds
    assert moment("1234567890123") is None


@pytest.mark.parametrize("key", ["aws:requestedregion", "aws:resourceaccount"])
def test_an_arn_that_is_none_tells_neither_region_nor_account(key):
    def possible(arn):
        return fact_of(key).possible(RequestContext.of("AWS", PULLER, arn, None))

    assert possible(f"arn:aws:ecr:eu-west-1:{ACCOUNT}") == ((Hidden(),),)
    assert possible(ARN) != ((Hidden(),),)


def test_an_order_of_actions_alone_is_written_as_before():
    before = parse(a_policy(a_statement(action=["ecr:BatchGetImage", "ecr:ListImages"], sid="A")))
    after = parse(a_policy(a_statement(action=["ecr:DescribeImages", "ecr:ListImages", "ecr:BatchGetImage"], sid="A")))
    assert aligned(before, after).statements[0]["Action"] == [
        "ecr:BatchGetImage",
        "ecr:ListImages",
        "ecr:DescribeImages",
    ]


def test_a_name_of_a_service_that_looks_like_an_account_stands_for_nobody_in_it():
    text = a_policy({"Effect": "Allow", "Principal": {"Service": ACCOUNT}, "Action": PULL})
    assert evaluate(text, ROLE).access is Access.NOT_ALLOWED


@pytest.mark.parametrize("principal", [PULLER, "*", f"arn:aws:iam::{LIGHTSAIL}:root"])
def test_of_two_statements_that_allow_alike_the_first_is_named(principal):
    first, second = (a_statement(principal, PULL, sid=sid) for sid in ("First", "Second"))
    (deciding,) = evaluate(a_policy(first, second), PULLER).deciding
    assert (deciding.index, "First" in deciding.label) == (0, True)


def test_a_role_that_a_service_pulls_with_is_judged_as_one_that_nobody_signs_in_to():
    """Whatever its name: a service types no code, and comes through no VPC of a reader's."""
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    for role in (PULLER, ROLE):
        assert evaluate(a_policy(a_statement(role, PULL, Condition=condition)), role).access is Access.NOT_ALLOWED


def test_several_conditions_are_told_one_after_the_other():
    conditions = {"StringEquals": {"aws:SourceIdentity": "a"}, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    verdict = evaluate(a_policy(a_statement(PULLER, PULL, Condition=conditions)), PULLER)
    assert verdict.access is Access.CONDITIONAL
    assert verdict.params["conditions"] == "; ".join(verdict.conditions)
    assert len(verdict.conditions) == 2


@pytest.mark.parametrize(
    "test, when", [("DateLessThan", "2026-03-01T00:00:00Z"), ("DateGreaterThan", "2027-01-01T00:00:00Z")]
)
def test_the_moment_that_counts_is_the_last_end_and_the_first_start(test, when):
    dates = {
        "DateLessThan": ["2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z"],
        "DateGreaterThan": ["2027-03-01T00:00:00Z", "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"],
    }[test]
    text = a_policy(a_statement(PULLER, PULL, Condition={test: {"aws:CurrentTime": dates}}))
    verdict = evaluate(text, PULLER, now=datetime(2026, 6, 1, tzinfo=UTC))
    assert (verdict.access, verdict.params["when"]) == (Access.NOT_ALLOWED, when)


def test_the_problem_of_a_registry_policy_that_is_none_is_said():
    verdict = evaluate(None, PULLER, RegistryPolicy("{", RegistryScope.V2))
    sentences = [say(unseen.code, dict(unseen.params)) for unseen in verdict.unseen]
    assert any("policy.not_json" in sentence for sentence in sentences)


def test_a_long_sid_is_cut_where_it_is_shown():
    first, second = (a_statement(MIKA, PULL, sid="S" * 300) for _ in range(2))
    shown = [finding.params.get("sid", "") for finding in findings(a_policy(first, second))]
    assert {len(str(sid)) for sid in shown if sid} == {100}


def test_an_answer_of_the_cli_behind_another_document_is_not_unpacked():
    policy = a_policy(a_statement(MIKA, PULL))
    text = json.dumps({"policyText": policy}) + json.dumps({"other": 1})
    assert mend(text).text == text


def test_a_policy_that_needs_no_mending_comes_back_as_it_was_and_not_by_another_reading():
    text = json.dumps({"Version": "2012-10-17", "Statement": [{**a_statement(MIKA, PULL), "Sid": r"a\\nb"}]})
    assert (mend(text).text, mend(text).what) == (text, ())


@pytest.mark.parametrize("version", ["2008-10-17", "2012-10-17"])
def test_ecr_takes_both_versions(version):
    assert refusal_reasons(a_policy(a_statement(MIKA, PULL), version=version)) == ()
    assert [each.code for each in refusal_reasons(a_policy(a_statement(MIKA, PULL), version="2020-01-01"))] == [
        "refusal.version"
    ]


def test_a_denial_that_stays_is_told_with_its_principal():
    text = a_policy(a_statement(PULLER, PULL), a_statement(PULLER, PULL, effect="Deny", sid="No"))
    stays = [each for each in plan_revoke(text, principals=[PULLER]).leftovers if each.code == "revoke.deny_stays"]
    assert [each.params["principal"] for each in stays] == [PULLER]
    assert "?" not in say(stays[0].code, stays[0].params)


def test_nesting_that_no_reader_takes_is_called_too_deep():
    with pytest.raises(Problem) as raised:
        load("[" * 100_000)
    assert (raised.value.code, raised.value.params) == ("policy.too_deep", {"levels": 32})


def test_the_line_is_told_where_reading_several_values_comes_to_a_wrong_one():
    with pytest.raises(Problem) as raised:
        list(load_many('{"a": 1}\n\n{"b": 2},\nx'))
    assert raised.value.params["line"] == 4


def test_what_already_says_what_it_said_before_us_is_no_conflict():
    before, ours = a_statement(MIKA, PULL, sid="A"), a_statement(MIKA, ["ecr:*"], sid="A")
    foreign = a_statement(ROLE, PULL, sid="Late")
    planned = plan_undo(a_policy(before), a_policy(ours), a_policy(before, foreign))
    assert not planned.needed


def test_long_sequences_are_held_together_by_what_stands_once():
    before = [*("x" * 1500), "once", *("y" * 1500)]
    after = [*("y" * 5), *("z" * 40), "once", *("q" * 1400), *("y" * 700)]
    assert (before.index("once"), after.index("once")) in common(before, after)


def test_an_empty_pattern_starts_with_nothing():
    assert (glob("").head, glob("").matches(""), glob("").matches("a")) == ("", True, False)


def test_lines_that_have_half_in_common_are_compared_by_words():
    def spans(old, new):
        texts = (json.dumps({"Version": "2012-10-17", "Statement": [], "Id": each}) for each in (old, new))
        return [line.spans for block in diff_texts(*texts).blocks for line in block.lines if line.kind != "same"]

    assert all(len(each) > 1 for each in spans("aaaa bbbb cccc", "aaaa bbbb dddd"))


def test_commands_name_the_endpoint_that_is_set():
    target = Target("eu-west-1", "shop", ACCOUNT, "web", endpoints={"ecr": "http://127.0.0.1:4570"})
    assert "--endpoint-url http://127.0.0.1:4570" in delete_policy(target, System.POSIX).text
