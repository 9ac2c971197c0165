from hypothesis import given

from app.policy.canonical import statement_key
from app.policy.change import edits_between, matched
from tests.policy.build import a_statement, any_policy, statements_of
from tests.policy.names import DEAD, MIKA, PULLER


def test_added_removed_and_changed_statements_are_told_apart_with_their_places():
    before = [a_statement(sid="Kept"), a_statement([MIKA, DEAD], sid="Shared"), a_statement(DEAD, "ecr:*")]
    after = [a_statement(sid="Kept"), a_statement([MIKA], sid="Shared"), a_statement(PULLER, sid="New", Note=1)]
    edits = edits_between(before, after)
    assert [(edit.before_index, edit.after_index) for edit in edits] == [(1, 1), (2, None), (None, 2)]


def test_another_way_to_write_it_is_no_edit():
    assert edits_between([a_statement([MIKA, DEAD])], [a_statement([DEAD, MIKA])]) == ()


@given(any_policy(), any_policy())
def test_every_statement_of_both_sides_is_matched_once(before, after):
    old, new = statements_of(before), statements_of(after)
    pairs = matched(old, new)
    assert sorted(i for i, _ in pairs if i is not None) == list(range(len(old)))
    assert sorted(j for _, j in pairs if j is not None) == list(range(len(new)))


@given(any_policy(), any_policy())
def test_what_is_no_edit_says_the_same(before, after):
    old, new = statements_of(before), statements_of(after)
    edited = {edit.before_index for edit in edits_between(old, new)}
    same = [(i, j) for i, j in matched(old, new) if i not in edited and i is not None and j is not None]
    assert all(statement_key(old[i]) == statement_key(new[j]) for i, j in same)
