"""What others wrote keeps its value, character for character, through every change of ours."""

import json

import pytest

from app.policy.canonical import equivalent
from app.policy.commands import System, save_policy
from app.policy.diff import diff_texts
from app.policy.evaluate import evaluate
from app.policy.findings import findings
from app.policy.grant import plan_grant
from app.policy.mend import mend
from app.policy.revoke import plan_prune, plan_revoke
from app.policy.undo import plan_undo
from app.policy.verdict import Access
from tests.policy.build import NOW, a_policy, a_statement
from tests.policy.names import DEAD, MIKA, OTHER_PULLER, PULL, PULLER

NUMBERS = [
    "12345678901234567890.5",
    "0.30000000000000000001",
    "123456789012345678901234567890",
    "9" * 4_400,
    "1e400",
    "1E+2",
    "1e5",
    "-0",
    "-0.0",
    "1.0",
    "1",
    "0.1000",
    "1e-999999999999",
]
VALUES = [
    "true",
    "null",
    "[1.50, {}]",
    '"\\u00e9"',
    '"e\\u0301"',
    '"\\/"',
    '"\\ud83d"',
    '"\\u0000"',
    '"\u2028 \\t"',
    "[]",
]


class Written(str):
    """The characters of a number."""

    __slots__ = ()


def exactly(text):
    """Every value of a text, with its numbers as they are written and the keys in their order."""
    return json.loads(text, parse_float=Written, parse_int=Written, object_pairs_hook=tuple)


def with_value(value, *, principal=MIKA, sid="Foreign"):
    """A foreign statement whose condition holds this piece of JSON."""
    statement = a_statement(principal, sid=sid, Condition={"NumericLessThan": {"x:y": "VALUE"}}, Odd="VALUE")
    return a_policy(statement).replace('"VALUE"', value)


def statements(text):
    return dict(exactly(text))["Statement"]


@pytest.mark.parametrize("value", [*NUMBERS, *VALUES])
def test_a_grant_adds_its_statement_and_leaves_every_value_as_it_was_written(value):
    before = with_value(value)
    after = plan_grant(before, principal_arn=PULLER, service="shop").after
    (was,) = statements(before)
    kept, ours = statements(after)
    assert kept == was
    assert dict(ours)["Sid"] == "AllowLightsailPull-shop"


@pytest.mark.parametrize("value", [*NUMBERS, *VALUES])
def test_undoing_a_grant_returns_every_value_as_it_was_written(value):
    before = with_value(value)
    ours = plan_grant(before, principal_arn=PULLER, service="shop").after
    assert exactly(plan_undo(before, ours, ours).after) == exactly(before)
    others = plan_grant(ours, principal_arn=OTHER_PULLER, service="blog").after
    left = plan_undo(before, ours, others).after
    assert statements(left)[0] == statements(before)[0]


@pytest.mark.parametrize("value", NUMBERS)
def test_a_revoke_and_a_prune_leave_the_rest_of_a_shared_statement_as_it_was_written(value):
    text = with_value(value, principal=[MIKA, PULLER, DEAD])
    revoked = plan_revoke(text, principals=[PULLER]).after
    pruned = plan_prune(revoked, [DEAD]).after
    assert statements(pruned) == statements(with_value(value, principal=[MIKA]))


@pytest.mark.parametrize("value", NUMBERS)
def test_what_was_pasted_is_mended_with_its_numbers_as_they_were_written(value):
    mended = mend(with_value(value) + "," + a_policy(a_statement(PULLER)))
    assert mended.what
    assert statements(mended.text)[0] == statements(with_value(value))[0]


@pytest.mark.parametrize("value", NUMBERS)
def test_a_command_to_run_by_hand_sends_numbers_as_they_were_written(value):
    text = with_value(value)
    _, _, saved = save_policy(text, System.POSIX).text.partition("\n")
    assert exactly(saved.removesuffix("\nPOLICY")) == exactly(text)


@pytest.mark.parametrize("value", NUMBERS)
def test_every_number_is_compared_shown_and_judged(value):
    text = with_value(value)
    assert equivalent(text, json.dumps(json.loads(with_value("7")), indent=4).replace(": 7", f" : {value}"))
    assert not equivalent(text, with_value("7"))
    assert diff_texts(with_value("7"), text)
    assert findings(text) is not None
    assert evaluate(with_value(value, principal=PULLER), PULLER, now=NOW).access is Access.CONDITIONAL


def test_numbers_that_mean_the_same_are_shown_as_they_are_written():
    assert not equivalent(with_value("1.0"), with_value("1.00"))


def test_a_number_in_a_condition_is_the_same_as_its_text():
    assert equivalent(with_value("1.50"), with_value("1.50").replace('"x:y": 1.50', '"x:y": ["1.50"]'))


def test_a_number_is_no_name_of_anything():
    for element in ("Action", "Principal"):
        text = a_policy({"Effect": "Allow", "Principal": "*", "Action": PULL, element: "VALUE"})
        with pytest.raises(Exception, match=r"policy\.malformed"):
            plan_grant(text.replace('"VALUE"', "1e400"), principal_arn=PULLER, service="shop")
