"""IAM's patterns and variables, and that no pattern makes matching slow."""

from __future__ import annotations

import re
import time
from fnmatch import translate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sandbox.matching import UnresolvedVariable, is_like, literal, matches, pattern_of
from tests.slowness import slowness

VALUES = {"aws:PrincipalAccount": "123456789012", "aws:star": "a*b?"}


@pytest.mark.parametrize(
    "pattern, text",
    [
        ("*", ""),
        ("*", "anything"),
        ("a*", "a"),
        ("*a", "ba"),
        ("a*b*c", "a-b-b-c"),
        ("a?c", "abc"),
        ("*?*", "x"),
        ("**a**", "a"),
        ("ab", "ab"),
        ("*ab*ab", "abab"),
        ("a*?b", "aXb"),
    ],
)
def test_a_pattern_matches(pattern, text):
    assert is_like(text, pattern)


@pytest.mark.parametrize(
    "pattern, text",
    [("", "a"), ("a", "A"), ("?", ""), ("a*b", "ac"), ("ab*ab", "ab"), ("*?*?*", "x"), ("[a]", "a"), ("a*a", "a")],
)
def test_a_pattern_does_not_match(pattern, text):
    assert not is_like(text, pattern)


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_it_agrees_with_a_regular_expression(pattern, text):
    assert is_like(text, pattern) is bool(re.fullmatch(translate(pattern), text))


@pytest.mark.parametrize(
    "pattern", ["*?" * 5_000, "*a" * 5_000, "?*" * 5_000, "*" * 10_000, "a" * 10_000, "*a*b" * 12 + "*x"]
)
def test_a_hostile_pattern_costs_no_more_than_its_length(pattern):
    started = time.thread_time()
    for _ in range(20):
        is_like("ecr:BatchGetImage" * 4, pattern)
    assert time.thread_time() - started < 1.0 * slowness(time.thread_time)


@pytest.mark.parametrize("text", ["${" * 5_000, "${a" + " " * 10_000, "${a,'" * 2_000, "${a, " * 2_000, "$" * 10_000])
def test_hostile_variables_cost_no_more_than_their_length(text):
    started = time.thread_time()
    for _ in range(5):
        try:
            pattern_of(text, VALUES.get)
        except UnresolvedVariable:
            continue
    assert time.thread_time() - started < 1.0 * slowness(time.thread_time)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a/${aws:PrincipalAccount}", "a/123456789012"),
        ("${aws:none, 'x'}/${aws:none,'y'}", "x/y"),
        ("${aws:PrincipalAccount, 'x'}", "123456789012"),
        ("${*}${?}${$}", "*?$"),
        ("${", "${"),
        ("${a", "${a"),
        ("$x", "$x"),
    ],
)
def test_variables_stand_for_values(text, expected):
    assert literal(pattern_of(text, VALUES.get)) == expected


def test_a_star_out_of_a_variable_is_a_plain_star():
    assert matches("a*b?", pattern_of("${aws:star}", VALUES.get))
    assert not matches("axbx", pattern_of("${aws:star}", VALUES.get))
    assert not matches("x", pattern_of("${*}", VALUES.get))


def test_a_variable_without_a_value_is_told():
    with pytest.raises(UnresolvedVariable):
        pattern_of("${aws:none}", VALUES.get)


def test_without_a_lookup_a_variable_stands_for_itself():
    assert literal(pattern_of("${aws:PrincipalAccount}")) == "${aws:PrincipalAccount}"
