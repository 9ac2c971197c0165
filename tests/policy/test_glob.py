import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.policy.glob import Gap, Glob, glob

PATTERNS = st.text("ab*?", max_size=12)
TEXTS = st.text("ab", max_size=14)


def by_regex(pattern, text):
    translated = {"*": "[^\0]*", "?": "[^\0]"}
    runs = re.sub(r"\*+", "*", pattern)
    return re.fullmatch("".join(translated.get(one, re.escape(one)) for one in runs), text) is not None


@given(PATTERNS, TEXTS)
@example("*a?b*", "aaxbaabb")
@example("?*?a*", "aa")
@example("*a?*a", "aba")
def test_it_matches_what_a_regular_expression_matches(pattern, text):
    assert glob(pattern).matches(text) == by_regex(pattern, text)


@pytest.mark.parametrize(
    "pattern, text, matches",
    [
        ("", "", True),
        ("", "x", False),
        ("*", "", True),
        ("?", "", False),
        ("a*", "a\nb", True),
        ("a.c", "abc", False),
        ("[ab]", "a", False),
    ],
)
def test_nothing_but_the_two_wildcards_is_special(pattern, text, matches):
    assert glob(pattern).matches(text) is matches


def test_pieces_that_are_put_in_stand_for_themselves():
    pattern = Glob.of(["team-", "*", "/", Gap(0, open=True), Gap(1, open=False)])
    assert pattern.matches("team-*/x")
    assert not pattern.matches("team-a/x")
    assert not pattern.matches("team-*/")
    assert pattern.head == "team-*/"
