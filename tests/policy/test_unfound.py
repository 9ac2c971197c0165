import pytest

from app.policy.unfound import unfound
from tests.policy.build import DEAD, MIKA, OLD_PULLER, OTHER_PULLER, PULLER, a_policy, a_statement

TEAM = a_policy(a_statement(MIKA))


def named(before, after, *, fresh):
    return [one.value for one in unfound(before, after, fresh=fresh)]


@pytest.mark.parametrize("fresh", [True, False])
def test_what_is_left_of_a_deleted_identity_is_named_alone(fresh):
    there = a_policy(a_statement(MIKA), a_statement(DEAD))
    assert named(there, a_policy(a_statement(MIKA), a_statement(DEAD), a_statement(PULLER)), fresh=fresh) == [DEAD]


def test_a_fresh_role_alone_is_not_told_of_as_dead():
    assert named(None, a_policy(a_statement(PULLER)), fresh=True) == []


def test_beside_others_a_fresh_role_is_the_likeliest():
    after = a_policy(a_statement(MIKA), a_statement(OTHER_PULLER), a_statement(PULLER))
    assert named(a_policy(a_statement(MIKA), a_statement(OTHER_PULLER)), after, fresh=True) == [
        PULLER,
        OTHER_PULLER,
        MIKA,
    ]


def test_of_an_older_text_those_that_are_there_now_are_not_to_blame():
    assert named(TEAM, a_policy(a_statement(MIKA), a_statement(OLD_PULLER)), fresh=False) == [OLD_PULLER]


def test_where_nothing_is_new_the_others_are_named():
    assert named(a_policy(a_statement(MIKA), a_statement(PULLER)), TEAM, fresh=False) == [MIKA]
