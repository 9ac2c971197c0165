import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.errors import Problem
from app.policy.canonical import equivalent
from app.policy.grant import plan_grant
from app.policy.revoke import plan_revoke
from app.policy.undo import Conflict, plan_restore, plan_undo
from tests.policy.build import ANY_OR_OURS, STRANGERS, a_policy, a_statement, any_policy, statements, statements_of
from tests.policy.names import DEAD, IN_ORGANISATION, MIKA, OTHER_PULLER, PULLER
from tests.policy.rewriting import as_ecr_returns

WITH_US = any_policy(st.one_of(ANY_OR_OURS, st.just(a_statement([MIKA, PULLER]))))
FOREIGN = statements(STRANGERS, open_to_others=False)


def granted(text):
    return plan_grant(text, principal_arn=PULLER, service="shop").after


def revoked(text):
    return plan_revoke(text, principals=[PULLER]).after


def with_statements(text, statements):
    return json.dumps({**json.loads(text), "Statement": statements})


@given(st.one_of(st.none(), WITH_US), st.booleans(), st.integers(0, 9))
def test_undone_on_what_nobody_touched_it_says_what_stood_before(before, grant, seed):
    ours = granted(before) if grant else revoked(before)
    held = ours and as_ecr_returns(ours, seed)
    change = plan_undo(before, ours, held)
    assert equivalent(change.after, before)
    assert change.needed == (not equivalent(before, ours))


@given(any_policy(), st.lists(FOREIGN, min_size=1, max_size=2), st.integers(0, 9))
def test_undoing_a_grant_keeps_every_foreign_edit(before, foreign, place):
    ours = granted(before)
    held = statements_of(ours)
    now = with_statements(ours, [*held[:place], *foreign, *held[place:]])
    assume(ours != before)
    change = plan_undo(before, ours, now)
    expected = [one for one in statements_of(now) if one != held[-1]]
    assert statements_of(change.after) == expected


@given(WITH_US, st.lists(FOREIGN, min_size=1, max_size=2))
def test_undoing_a_revoke_puts_back_what_it_took_and_keeps_what_came(before, foreign):
    ours = revoked(before)
    assume(ours is not None and not equivalent(ours, before))
    now = with_statements(ours, [*statements_of(ours), *foreign])
    change = plan_undo(before, ours, now)
    assert statements_of(change.after) == [*statements_of(before), *foreign]


def test_a_grant_somebody_took_back_already_needs_nothing():
    before = a_policy(a_statement())
    now = a_policy(a_statement(), a_statement(OTHER_PULLER))
    assert not plan_undo(before, granted(before), now).needed


def test_undoing_the_first_grant_leaves_what_others_wrote_into_the_new_policy():
    ours = granted(None)
    now = with_statements(ours, [*statements_of(ours), a_statement()])
    assert statements_of(plan_undo(None, ours, now).after) == [a_statement()]


def test_undoing_the_first_grant_after_the_policy_was_deleted_needs_nothing():
    assert not plan_undo(None, granted(None), None).needed


def test_undoing_a_revoke_that_deleted_the_policy_writes_it_again():
    before = a_policy(a_statement(PULLER))
    change = plan_undo(before, None, None)
    assert json.loads(change.after) == json.loads(before)


def test_undoing_a_revoke_that_deleted_the_policy_joins_what_others_wrote_since():
    before = a_policy(a_statement(PULLER))
    change = plan_undo(before, None, a_policy(a_statement(), version="2008-10-17"))
    assert json.loads(change.after) == {"Version": "2008-10-17", "Statement": [a_statement(PULLER), a_statement()]}


def test_undoing_a_revoke_when_others_deleted_the_rest_brings_back_only_ours():
    before = a_policy(a_statement(), a_statement(PULLER))
    change = plan_undo(before, revoked(before), None)
    assert json.loads(change.after) == json.loads(a_policy(a_statement(PULLER)))


def test_a_statement_comes_back_in_its_place():
    a, b, c = a_statement(sid="A"), a_statement(PULLER, sid="B"), a_statement(sid="C")
    now = a_policy(a_statement(DEAD, sid="0"), a, c)
    assert statements_of(plan_undo(a_policy(a, b, c), a_policy(a, c), now).after)[2] == b


@pytest.mark.parametrize("change", [{"Action": "ecr:PutImage"}, {"Effect": "Deny"}, {"Principal": {"AWS": DEAD}}])
def test_a_statement_comes_back_behind_one_that_others_have_changed(change):
    a, b, c = a_statement(sid="A"), a_statement(MIKA, sid="B"), a_statement(OTHER_PULLER, sid="D")
    removed, changed = a_statement(PULLER, sid="C"), {**b, **change}
    now = a_policy(a, changed, c)
    assert statements_of(plan_undo(a_policy(a, b, removed, c), a_policy(a, b, c), now).after) == [
        a,
        changed,
        removed,
        c,
    ]


def test_a_principal_goes_back_into_a_statement_that_others_extended():
    before, ours = a_policy(a_statement([MIKA, PULLER])), a_policy(a_statement([MIKA]))
    change = plan_undo(before, ours, a_policy(a_statement([OTHER_PULLER, MIKA])))
    assert statements_of(change.after) == [a_statement([OTHER_PULLER, MIKA, PULLER])]


def test_a_replaced_principal_comes_back_and_the_new_one_goes():
    before = a_policy(a_statement(DEAD, sid="AllowLightsailPull-shop"), a_statement())
    ours = plan_grant(before, principal_arn=PULLER, service="shop", replaces=[DEAD]).after
    now = with_statements(ours, [*statements_of(ours), a_statement(OTHER_PULLER)])
    assert statements_of(plan_undo(before, ours, now).after) == [*statements_of(before), a_statement(OTHER_PULLER)]


@pytest.mark.parametrize(
    "theirs",
    [
        a_statement(PULLER, sid="AllowLightsailPull-shop", Condition=IN_ORGANISATION),
        a_statement([PULLER, MIKA], sid="AllowLightsailPull-shop"),
        a_statement(PULLER, "ecr:*", sid="Renamed"),
    ],
)
def test_our_statement_changed_by_somebody_else_is_a_conflict_with_both_sides(theirs):
    before = a_policy(a_statement())
    conflict = plan_undo(before, granted(before), a_policy(a_statement(), theirs))
    (clash,) = conflict.clashes
    assert (clash.before, clash.ours, clash.now) == (None, statements_of(granted(before))[1], theirs)


def test_a_conflict_says_where_as_a_problem():
    before = a_policy(a_statement())
    conflict = plan_undo(before, granted(before), a_policy(a_statement(PULLER, "ecr:*", sid="Mine")))
    assert isinstance(conflict, Conflict)
    assert isinstance(conflict.problem, Problem)
    assert (conflict.problem.code, conflict.problem.params) == ("policy.undo_conflict", {"statement": "#1 (Mine)"})


def test_a_shared_statement_that_somebody_removed_is_a_conflict():
    shared = a_statement([MIKA, PULLER], sid="Shared")
    before = a_policy(shared, a_statement())
    conflict = plan_undo(before, revoked(before), a_policy(a_statement()))
    assert [(clash.before, clash.now) for clash in conflict.clashes] == [(shared, None)]


def test_a_shared_statement_that_somebody_rewrote_is_a_conflict_that_shows_it():
    before = a_policy(a_statement([MIKA, PULLER], sid="Shared"), a_statement())
    theirs = a_statement([MIKA], "ecr:PutImage", sid="Shared")
    (clash,) = plan_undo(
        before, revoked(before), a_policy(a_statement("*", sid="Other"), a_statement(), theirs)
    ).clashes
    assert (clash.place, clash.now) == ("#3 (Shared)", theirs)


def test_a_principal_of_its_own_kind_goes_back_as_the_single_value_it_was():
    mixed = {**a_statement(), "Principal": {"AWS": MIKA, "Service": "lightsail.amazonaws.com"}}
    before = a_policy(mixed)
    ours = plan_revoke(before, principals=["lightsail.amazonaws.com"]).after
    change = plan_undo(before, ours, a_policy(a_statement([MIKA, DEAD])))
    assert statements_of(change.after)[0]["Principal"] == {"AWS": [MIKA, DEAD], "Service": "lightsail.amazonaws.com"}


def test_a_sid_that_somebody_uses_anew_is_no_conflict():
    gone = a_statement(PULLER, sid="Pull")
    before = a_policy(gone, a_statement())
    now = [a_statement(DEAD, sid="Pull"), a_statement()]
    assert statements_of(plan_undo(before, revoked(before), a_policy(*now)).after) == [gone, *now]


def test_access_that_somebody_gave_anew_in_other_words_is_a_conflict():
    before = a_policy(a_statement(PULLER), a_statement())
    now = a_policy(a_statement(), a_statement(PULLER, sid="Anew", Condition=IN_ORGANISATION))
    assert [clash.place for clash in plan_undo(before, revoked(before), now).clashes] == ["#2 (Anew)"]


def test_a_restored_version_is_undone_too_and_clashes_when_changed_again():
    before, ours = a_policy(a_statement(), version="2008-10-17"), a_policy(a_statement(), version="2012-10-17", Id="x")
    now = a_policy(a_statement(), a_statement(MIKA, sid="New"), version="2012-10-17", Id="x")
    assert json.loads(plan_undo(before, ours, now).after).get("Id", "none") == "none"
    assert isinstance(plan_undo(before, ours, now.replace('"x"', '"y"')), Conflict)


@given(st.one_of(st.none(), any_policy()), st.one_of(st.none(), any_policy()))
def test_a_restore_makes_the_policy_say_what_it_said_then(target, now):
    change = plan_restore(target, now)
    assert equivalent(change.after, target)
    assert change.needed == (not equivalent(target, now))


@given(st.one_of(st.none(), any_policy()), st.one_of(st.none(), any_policy()), st.one_of(st.none(), any_policy()))
def test_undo_of_any_change_on_any_policy_plans_or_tells_the_conflict(before, ours, now):
    plan = plan_undo(before, ours, now)
    assert isinstance(plan, Conflict) == bool(getattr(plan, "clashes", ()))
    assert isinstance(plan, Conflict) or plan.needed == (not equivalent(plan.after, now))


@pytest.mark.parametrize("before", [None, a_policy(a_statement([MIKA]))])
def test_a_grant_whose_role_has_died_since_is_taken_back(before):
    now = granted(before).replace(PULLER, DEAD)
    change = plan_undo(before, granted(before), now)
    assert equivalent(change.after, before)
    assert change.needed


def test_a_shared_statement_keeps_its_others_when_our_role_has_died():
    before = a_policy(a_statement([MIKA, OTHER_PULLER]))
    ours = a_policy(a_statement([MIKA, OTHER_PULLER, PULLER]))
    change = plan_undo(before, ours, ours.replace(PULLER, DEAD))
    assert equivalent(change.after, before)


def test_a_dead_principal_beside_ours_is_not_ours():
    before = a_policy(a_statement([MIKA]))
    ours = granted(before)
    [kept, mine] = statements_of(ours)
    now = with_statements(ours, [kept, {**mine, "Principal": {"AWS": [PULLER, DEAD]}}])
    assert isinstance(plan_undo(before, ours, now), Conflict)


def test_a_value_that_python_takes_for_an_equal_one_is_put_back():
    before, ours = (a_policy(a_statement(MIKA, Condition={"Null": {"aws:SourceVpce": value}})) for value in (True, 1))
    foreign = a_statement(OTHER_PULLER)
    change = plan_undo(before, ours, with_statements(ours, [*statements_of(ours), foreign]))
    assert equivalent(change.after, with_statements(before, [*statements_of(before), foreign]))


def test_a_foreign_statement_for_nobody_stays():
    before = a_policy(a_statement([], Sid="Nobody", Action=["ecr:PutImage"]))
    foreign = a_statement(MIKA)
    ours = granted(before)
    change = plan_undo(before, ours, with_statements(ours, [*statements_of(ours), foreign]))
    assert statements_of(change.after) == [*statements_of(before), foreign]


def test_a_statement_of_ours_that_stands_elsewhere_by_now_is_taken_back_all_the_same():
    """Ours stayed, and what stood before it was removed and added again behind it."""
    first, ours, later = (
        a_statement(puller, sid=sid) for puller, sid in ((OTHER_PULLER, "A"), (PULLER, "B"), (MIKA, "C"))
    )
    change = plan_undo(a_policy(first), a_policy(first, ours), a_policy(ours, first, later))
    assert statements_of(change.after) == [first, later]
