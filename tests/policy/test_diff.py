import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.policy.canonical import canonical
from app.policy.diff import LineKind, Span, diff_texts
from app.policy.grant import plan_grant
from tests.policy.build import a_policy, a_statement, any_policy, statements_of
from tests.policy.names import DEAD, MIKA, PULLER
from tests.policy.rewriting import as_ecr_returns

BEFORE, AFTER = LineKind.REMOVED, LineKind.ADDED


def side(diff, own):
    return "\n".join(line.text for line in diff.lines if line.kind in (LineKind.SAME, own))


def shows_change(diff):
    return bool(diff.added or diff.removed)


def texts(diff, kind):
    return [line.text.strip() for line in diff.lines if line.kind is kind]


def without_commas(text):
    return [line.rstrip(",") for line in text.splitlines()]


def laid_out(text):
    document = json.loads(text)
    return json.dumps({**document, "Statement": statements_of(text)}, indent=2, ensure_ascii=False)


@given(any_policy(), any_policy())
def test_both_sides_can_be_rebuilt_from_it(before, after):
    assume(isinstance(json.loads(before)["Statement"], list))
    diff = diff_texts(before, after)
    assert without_commas(side(diff, BEFORE)) == without_commas(laid_out(before))
    assert canonical(side(diff, AFTER)) == canonical(after) or not shows_change(diff)


@given(any_policy(), any_policy())
def test_the_later_side_says_what_the_later_policy_says(before, after):
    diff = diff_texts(before, after)
    assert not shows_change(diff) or canonical(side(diff, AFTER)) == canonical(after)
    assert shows_change(diff) == (canonical(before) != canonical(after))


@given(st.one_of(st.none(), any_policy(), st.text()), st.one_of(st.none(), any_policy(), st.text()))
def test_lines_are_numbered_through_and_counted(before, after):
    diff = diff_texts(before, after)
    for number in ("before_number", "after_number"):
        numbers = [getattr(line, number) for line in diff.lines if getattr(line, number)]
        assert numbers == list(range(1, len(numbers) + 1))
    assert (diff.added, diff.removed) == (len(texts(diff, AFTER)), len(texts(diff, BEFORE)))


@given(any_policy(), st.integers(0, 50))
def test_what_ecr_shuffles_shows_no_change(text, seed):
    assert not shows_change(diff_texts(text, as_ecr_returns(text, seed)))


@given(any_policy(), st.integers(0, 50))
def test_a_grant_shows_as_added_lines_alone_however_ecr_rewrote_it(text, seed):
    held = as_ecr_returns(plan_grant(text, principal_arn=PULLER, service="shop").after, seed)
    diff = diff_texts(text, held)
    assert diff.removed == 0
    assert PULLER in side(diff, AFTER) or not shows_change(diff)


def test_an_added_statement_is_shown_whole_from_brace_to_brace():
    a, b, c = (a_statement(MIKA, sid=sid) for sid in "ABC")
    diff = diff_texts(a_policy(a, c), a_policy(a, b, c))
    assert texts(diff, AFTER)[0] == "{"
    assert texts(diff, AFTER)[-1] == "},"
    assert '"Sid": "B",' in texts(diff, AFTER)


def test_a_statement_gone_from_the_middle_is_shown_whole_too():
    a, b, c = (a_statement(MIKA, sid=sid) for sid in "ABC")
    diff = diff_texts(a_policy(a, b, c), a_policy(a, c))
    assert (texts(diff, BEFORE)[0], texts(diff, BEFORE)[-1]) == ("{", "},")
    assert diff.added == 0


def test_one_more_principal_is_one_more_line():
    before, after = a_policy(a_statement([MIKA, DEAD])), a_policy(a_statement([PULLER, DEAD, MIKA]))
    diff = diff_texts(before, after)
    assert texts(diff, AFTER) == [json.dumps(PULLER)]
    assert diff.removed == 0


@pytest.mark.parametrize(
    "values", [("Team-one", "Team-17"), (PULLER, f"{PULLER}x"), ('a "quoted" \\ one', 'a "quoted" two')]
)
def test_a_changed_value_is_marked_as_a_whole_and_nothing_else_of_its_line(values):
    diff = diff_texts(*(a_policy(a_statement(sid=value)) for value in values))
    for value, kind in zip(values, (BEFORE, AFTER), strict=True):
        (line,) = (line for line in diff.lines if line.kind is kind)
        assert line.spans == (Span('      "Sid": '), Span(json.dumps(value), changed=True), Span(","))


def test_lines_that_have_little_in_common_are_marked_whole():
    diff = diff_texts(a_policy(a_statement(sid="Q")), a_policy(a_statement(effect="Deny", action="s3:x")))
    assert all(line.spans for line in diff.lines)


def test_no_policy_before_is_all_added_and_after_is_all_removed():
    text = a_policy(a_statement())
    lines = len(laid_out(text).splitlines())
    assert (diff_texts(None, text).added, diff_texts(None, text).removed) == (lines, 0)
    assert (diff_texts(text, None).added, diff_texts(text, None).removed) == (0, lines)


def test_nothing_against_nothing_is_empty():
    assert diff_texts(None, None).blocks == ()


def test_three_unchanged_lines_stand_around_a_change_and_the_rest_is_hidden():
    statements = [a_statement(sid=f"S{number}") for number in range(9)]
    changed = [*statements[:4], a_statement(sid="New"), *statements[5:]]
    hidden, shown, rest = diff_texts(a_policy(*statements), a_policy(*changed)).blocks
    assert (hidden.hidden, shown.hidden, rest.hidden) == (True, False, True)
    assert [line.kind.value for line in shown.lines] == ["same"] * 3 + ["removed", "added"] + ["same"] * 3


@pytest.mark.parametrize("context, shown", [(0, 2), (1, 4)])
def test_the_context_can_be_chosen(context, shown):
    diff = diff_texts(a_policy(a_statement(sid="Old")), a_policy(a_statement(sid="New")), context=context)
    assert [len(block.lines) for block in diff.blocks if not block.hidden] == [shown]


def test_keys_stand_in_the_order_of_the_earlier_text():
    before = a_policy(a_statement(sid="A"))
    after = json.dumps(dict(reversed(json.loads(a_policy(a_statement(sid="A"), a_statement(PULLER))).items())))
    assert diff_texts(before, after).removed == 0


def test_texts_that_are_no_policies_are_compared_as_they_stand():
    diff = diff_texts("one\ntwo", "one\nthree")
    assert (texts(diff, BEFORE), texts(diff, AFTER)) == (["two"], ["three"])
