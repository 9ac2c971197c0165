import pytest

from app.policy.missing_principals import unfound
from tests.policy.build import a_policy, a_statement
from tests.policy.names import DEAD, MIKA, OLD_PULLER, OTHER_PULLER, PULLER

TEAM = a_policy(a_statement(MIKA))
PARTNER, CLOSED = (f"arn:aws:iam::{account}:root" for account in ("444455556666", "777788889999"))


def named(before, after, *, fresh, ours=()):
    found = unfound(before, after, fresh=fresh, ours=ours)
    return [[one.value for one in group] for group in (found.dead, found.new, found.others)]


@pytest.mark.parametrize("fresh", [True, False])
def test_what_is_left_of_a_deleted_identity_is_told_apart_and_nobody_is_hidden(fresh):
    there = a_policy(a_statement(MIKA), a_statement(DEAD))
    after = a_policy(a_statement(MIKA), a_statement(DEAD), a_statement(PULLER))
    found = unfound(there, after, fresh=fresh)
    assert [one.value for one in found.every] == [DEAD, PULLER, MIKA]
    assert [one.value for one in found.likeliest] == [DEAD]
    assert [one.value for one in found.dead] == [DEAD]


def test_a_fresh_role_alone_is_not_told_of_as_dead():
    found = unfound(None, a_policy(a_statement(PULLER)), fresh=True)
    assert (found.likeliest, found.fresh, found.dead) == ((), True, ())


def test_beside_others_a_fresh_role_is_the_likeliest():
    after = a_policy(a_statement(MIKA), a_statement(OTHER_PULLER), a_statement(PULLER))
    found = unfound(a_policy(a_statement(MIKA), a_statement(OTHER_PULLER)), after, fresh=True)
    assert [one.value for one in found.likeliest] == [PULLER, OTHER_PULLER, MIKA]


def test_of_an_older_text_those_that_are_there_now_are_less_likely():
    after = a_policy(a_statement(MIKA), a_statement(OLD_PULLER))
    assert named(TEAM, after, fresh=False) == [[], [OLD_PULLER], [MIKA]]
    assert [one.value for one in unfound(TEAM, after, fresh=False).likeliest] == [OLD_PULLER]


def test_where_nothing_is_new_the_others_are_named():
    found = unfound(a_policy(a_statement(MIKA), a_statement(PULLER)), TEAM, fresh=False)
    assert [one.value for one in found.likeliest] == [MIKA]


def test_a_role_of_ours_that_is_old_is_none_and_accounts_are():
    partners = a_statement([PARTNER, CLOSED], sid="Partner")
    before, after = a_policy(partners), a_policy(partners, a_statement(PULLER))
    assert named(before, after, fresh=False, ours=[PULLER]) == [[], [], [PARTNER, CLOSED]]
    assert named(before, after, fresh=True, ours=[PULLER]) == [[], [PULLER], [PARTNER, CLOSED]]
