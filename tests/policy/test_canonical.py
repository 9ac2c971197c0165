import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.canonical import canonical, equivalent
from tests.policy.build import a_policy, a_statement, any_policy
from tests.policy.names import LIGHTSAIL, LIGHTSAIL_ROOT, MIKA, PULL, PULLER
from tests.policy.rewriting import as_ecr_returns


@given(any_policy(), st.integers(0, 99))
def test_what_ecr_rewrites_says_the_same_in_both_directions(text, seed):
    held = as_ecr_returns(text, seed)
    assert equivalent(text, held)
    assert equivalent(held, text)


@given(any_policy(), any_policy())
def test_only_equal_meaning_is_equal(a, b):
    assert equivalent(a, a)
    assert equivalent(a, b) == equivalent(b, a) == (canonical(a) == canonical(b))


@pytest.mark.parametrize(
    "one, same",
    [
        (a_statement([MIKA, PULLER]), a_statement([PULLER, MIKA])),
        (a_statement([PULLER]), a_statement(PULLER)),
        (a_statement(LIGHTSAIL), a_statement(LIGHTSAIL_ROOT)),
        (a_statement("*"), a_statement(["*"])),
        (a_statement(action="ecr:*"), a_statement(action=["ecr:*"])),
        (a_statement(action=PULL), a_statement(action=PULL[::-1])),
        (a_statement(sid=""), a_statement()),
        (a_statement(Condition={}), a_statement()),
        (a_statement(Condition={"Bool": {"a": "x"}}), a_statement(Condition={"Bool": {"a": ["x"]}})),
        (a_statement(Condition={"Bool": {"a": True}}), a_statement(Condition={"Bool": {"a": "true"}})),
    ],
)
def test_another_way_to_write_it_is_no_change(one, same):
    assert equivalent(a_policy(one), a_policy(same))


@pytest.mark.parametrize(
    "one, other",
    [
        (a_statement(MIKA), a_statement(PULLER)),
        (a_statement(effect="Allow"), a_statement(effect="Deny")),
        (a_statement(action="ecr:PutImage"), a_statement(action="ecr:putimage")),
        (a_statement(sid="A"), a_statement(sid="a")),
        (a_statement(), a_statement(Condition={"Bool": {"a": "x"}})),
        (a_statement(), a_statement(Note=1)),
        ({**a_statement(), "Principal": {"Service": "x"}}, {**a_statement(), "Principal": {"AWS": "x"}}),
    ],
)
def test_a_real_difference_is_one(one, other):
    assert not equivalent(a_policy(one), a_policy(other))


def test_the_order_of_statements_counts_since_ecr_keeps_it():
    a, b = a_statement(sid="A"), a_statement(sid="B")
    assert not equivalent(a_policy(a, b), a_policy(b, a))


def test_the_version_counts():
    assert not equivalent(a_policy(version="2008-10-17"), a_policy(version="2012-10-17"))


def test_no_policy_equals_only_no_policy():
    assert equivalent(None, None)
    assert not equivalent(None, '{"Statement": []}')


@given(st.one_of(st.text(), st.builds(json.dumps, st.recursive(st.none(), lambda v: st.dictionaries(st.text(), v)))))
def test_comparing_never_raises(text):
    assert equivalent(text, text)
    assert not equivalent(text, None)
