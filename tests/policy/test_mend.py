import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Problem
from app.policy.document import parse
from app.policy.grant import plan_grant
from app.policy.mend import mend
from tests.policy.build import a_policy, a_statement, any_policy
from tests.policy.names import MIKA, PULLER
from tests.policy.rewriting import as_ecr_returns

TEAM = a_statement(MIKA, sid="Team")
OURS = a_statement(PULLER, sid="AllowLightsailPull-ecr-private-repo-demo")
HELD = as_ecr_returns(a_policy(TEAM))
"""What the repository holds, in ECR's layout."""
GUIDE = json.dumps({"Version": "2008-10-17", "Statement": [OURS]}, indent=2)
COPIED = json.dumps(HELD)[1:-1]
"""What stands between the quotes of `policyText` in the CLI's answer."""
BOTH = {"Version": "2012-10-17", "Statement": [TEAM, OURS]}


def step_5(text):
    """The guide: replace \\n with line breaks and delete the remaining backslashes."""
    return text.replace("\\n", "\n").replace("\\", "")


def mended(text):
    return json.loads(mend(text).text)


def test_the_guides_steps_followed_to_the_letter_make_a_wreck_that_is_mended():
    wreck = f"{step_5(COPIED)}\n,\n{GUIDE}"
    assert mended(wreck) == BOTH
    assert set(mend(wreck).what) == {"pasted_documents", "versions_differ"}


def test_the_wreck_is_refused_by_name_where_a_policy_is_wanted():
    with pytest.raises(Problem) as refused:
        parse(f"{HELD},{GUIDE}")
    assert refused.value.code == "policy.pasted_documents"


@pytest.mark.parametrize(
    "wreck",
    [
        {"Version": "2012-10-17", "Statement": [TEAM, json.loads(GUIDE)]},
        {"Version": "2012-10-17", "Statement": [json.loads(a_policy(TEAM)), OURS]},
        {"Version": "2012-10-17", "Statement": {"Version": "2012-10-17", "Statement": [TEAM, OURS]}},
        {"Version": "2012-10-17", "Statement": [TEAM, {"Statement": [{"Statement": OURS}]}]},
    ],
)
def test_a_document_among_the_statements_is_flattened(wreck):
    assert mended(json.dumps(wreck)) == BOTH
    with pytest.raises(Problem, match=r"policy\.pasted_documents"):
        parse(json.dumps(wreck))


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(COPIED, id="nothing replaced"),
        pytest.param(f'"{COPIED}"', id="nothing replaced, quotes copied"),
        pytest.param(COPIED.replace("\\n", "\n"), id="only the line breaks replaced"),
        pytest.param(COPIED.replace('\\"', '"'), id="only the backslashes before quotes deleted"),
        pytest.param(COPIED.replace("\\", ""), id="all backslashes deleted first"),
        pytest.param(f'"{step_5(COPIED)}"', id="done right, quotes copied"),
        pytest.param(f'"{COPIED.replace(chr(92), "")}",', id="backslashes deleted, quotes and comma copied"),
        pytest.param(json.dumps(HELD), id="as a JSON string"),
        pytest.param(json.dumps(json.dumps(HELD)), id="as a JSON string twice"),
        pytest.param(json.dumps({"registryId": "220022002200", "policyText": HELD}), id="the whole answer"),
    ],
)
def test_a_text_copied_with_too_much_or_too_little_left_is_mended(copied):
    assert mended(copied) == json.loads(HELD)
    with pytest.raises(Problem, match=r"policy\.escaped_text"):
        parse(copied)


@pytest.mark.parametrize("first", [COPIED, COPIED.replace("\\n", "\n"), COPIED.replace("\\", "")])
def test_half_unescaped_and_pasted_behind_are_mended_together(first):
    assert mended(f"{first}\n,\n{GUIDE}") == BOTH


def test_quotes_inside_a_value_survive_where_their_backslashes_do():
    text = a_policy(a_statement(sid='the "old" team \\ ops'))
    assert mended(json.dumps(text)[1:-1]) == json.loads(text)


def test_quotes_that_lost_their_backslashes_are_beyond_mending_and_never_guessed():
    wreck = step_5(json.dumps(a_policy(a_statement(sid='the "old" team')))[1:-1])
    assert mend(wreck).what == ()
    with pytest.raises(Problem, match=r"policy\.not_json"):
        parse(wreck)


def test_a_bare_statement_behind_a_policy_or_alone_gets_its_document():
    assert mended(f"{a_policy(TEAM)}, {json.dumps(OURS)}") == BOTH
    assert mended(json.dumps(OURS)) == {"Statement": [OURS]}


def test_stray_commas_and_marks_are_dropped():
    for text in (f"{HELD},", f",{HELD}", f"\ufeff{HELD}"):
        assert mended(text) == json.loads(HELD)
        assert mend(text).what == ("stray_comma",)


def test_the_first_documents_version_and_id_count_and_nothing_else_gets_lost():
    first, second = a_policy(TEAM, Id="one"), a_policy(OURS, version="2008-10-17", Id="two", Extra=1)
    assert mended(f"{first}\n{second}") == {**BOTH, "Id": "one", "Extra": 1}


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "7", '{"a": 1}', f"{HELD} garbage", f'{HELD}, {{"a": 1}}', f"[{HELD}, 7]", '"{"']
)
def test_what_cannot_be_mended_is_returned_as_it_is(text):
    assert mend(text).text == text
    assert mend(text).what == ()


@given(any_policy())
def test_a_policy_that_is_whole_is_not_touched(text):
    assert mend(text).text == text
    assert mend(text).what == ()


@given(st.lists(any_policy(), min_size=1, max_size=3), st.sampled_from([",", "\n,\n", " "]))
def test_mending_gives_one_document_with_every_statement_in_order(texts, between):
    whole = parse(mend(between.join(texts)).text)
    assert list(whole.statements) == [one for text in texts for one in parse(text).statements]


@given(st.one_of(st.text(alphabet='{}[]",:\\n Statement'), st.lists(any_policy(), max_size=2).map(", ".join)))
def test_mending_twice_changes_nothing_more(text):
    once = mend(text).text
    assert mend(once).text == once
    assert mend(once).what == ()


@given(any_policy(), st.integers(0, 9))
def test_what_the_cli_shows_is_read_whatever_was_copied_of_it(text, seed):
    held = as_ecr_returns(text, seed)
    assert mended(json.dumps(held)[1:-1]) == json.loads(held)


@given(any_policy())
def test_a_grant_never_makes_such_a_wreck(text):
    after = plan_grant(text, principal_arn=PULLER, service="shop").after
    assert mend(after).what == ()
