"""Which lines of a container's log belong to a deployment, what of them may be shown, and where a page ends."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from app.aws.ports import Deployment
from app.aws.pull_ports import LogLine, LogRange
from app.deployments.log import (
    LONGEST_LINE,
    LogCursor,
    LogGap,
    PageScope,
    cursor_of,
    filter_pattern,
    gap_of,
    lines_to_show,
    window_of,
)
from app.diagnosis.masking import mask_values
from app.errors import Problem

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOW - timedelta(minutes=minutes)


def version(number: int, state: str, minutes: int) -> Deployment:
    return Deployment(number, state, at(minutes))


HISTORY = [
    version(5, "FAILED", 10),
    version(4, "ACTIVE", 30),
    version(3, "FAILED", 40),
    version(2, "FAILED", 50),
    version(1, "INACTIVE", 60),
]


@pytest.mark.parametrize(
    "number, minutes, since, until",
    [
        (5, 0, 10, 0),
        (4, 0, 30, 0),  # version 5 failed, so 4 still runs
        (3, 0, 40, 30),
        (2, 0, 50, 40),
        (1, 0, 60, 30),  # until the next one that ran
        (4, 10, 10, 0),
        (2, 60, 50, 40),
    ],
)
def test_a_versions_time(number, minutes, since, until):
    assert window_of(HISTORY, number, NOW, minutes) == LogRange(at(since), at(until))


def test_values_are_masked_before_the_text_is_looked_for():
    window = LogRange(at(10), at(0))
    lines = [
        LogLine(at(5), "token=s3cret-77 user=anna"),
        LogLine(at(4), "\x1b[31mcannot open\x1b[0m"),
        LogLine(None, "x"),
    ]
    first, second, third = lines_to_show(lines, 4, window, ["s3cret-77", "80", "8080"])
    assert (first.text, second.text, third.at) == ("token=… user=anna", "cannot open", None)
    assert lines_to_show(lines, 4, window, ["s3cret-77"], "s3cret") == [None, None, None]


def test_lines_of_other_versions_and_later_ones_are_left_out():
    window = LogRange(at(10), at(1))
    lines = [
        LogLine(at(9), "[deployment:4] Creating your deployment"),
        LogLine(at(8), "[deployment:5] Creating your deployment"),
        LogLine(at(0), "later"),
        LogLine(at(7), "x" * (LONGEST_LINE + 1)),
    ]
    first, other, later, long = lines_to_show(lines, 4, window, [])
    assert (first.by_lightsail, other, later) == (True, None, None)
    assert (len(long.text), long.is_cut) == (LONGEST_LINE, True)


def test_a_line_like_lightsails_with_a_number_that_no_version_has_is_the_containers_own():
    [line] = lines_to_show([LogLine(at(5), f"[deployment:{'9' * 5_000}] Canceled")], 4, LogRange(at(10), at(0)), [])
    assert not line.by_lightsail


def test_color_codes_inside_a_value_do_not_show_it():
    assert mask_values(["login with s3cret\x1b[36m-77\x1b[0m failed"], ["s3cret-77"]) == ["login with … failed"]


def test_half_of_a_character_is_no_text_to_show():
    assert mask_values(["cut \ud83d", "whole 🚢"], ["value"]) == ["cut ?", "whole 🚢"]


def test_a_value_that_spans_lines_or_holds_another_is_masked():
    assert mask_values(["a KEYKEY b", "second-half"], ["KEYKEY", "first-half\nsecond-half", "KEYK"]) == ["a … b", "…"]
    assert mask_values([], ["value"]) == []


@pytest.mark.parametrize(
    "value, line, shown",
    [
        ("postgres://app:s3cret-7@db/shop", "password s3cret-7 is wrong", "password … is wrong"),
        ("redis://:s3cret-7@cache:6379/0", "AUTH s3cret-7", "AUTH …"),
        ("amqp://app:a%40b%2Fc7@mq", "tried a@b/c7 and a%40b%2Fc7", "tried … and …"),
        ("mysql://app:p@ss:w7@db/x", "p@ss:w7", "…"),
        ("Server=db;User Id=app;Password=s3cret-7;Encrypt=true", "login with s3cret-7", "login with …"),
        ("AccountName=a;AccountKey=a2V5LTc3Nzc=;EndpointSuffix=x", "key a2V5LTc3Nzc=", "key …"),
        ("https://hooks.example/x?token=s3cret-7&y=1", "s3cret-7 y=1", "… y=1"),
        ("postgres://postgres:postgres@db/shop", "postgres refused the connection", "postgres refused the connection"),
        ("https://example.com:8443/path", "example.com:8443", "example.com:8443"),
    ],
)
def test_a_password_inside_a_value_is_taken_out_where_it_stands_alone(value, line, shown):
    assert mask_values([line], [value]) == [shown]


@pytest.mark.parametrize(
    "value, line",
    [
        ('pa"ss\\word', '{"msg": "login with pa\\"ss\\\\word"}'),
        ('pa"ss\\word', json.dumps({"error": json.dumps('pa"ss\\word')})),
        ("päss/wört", r'{"msg": "login with p\u00e4ss/w\u00f6rt"}'),
        ("p@ss/word", "postgres://app:p%40ss%2Fword@db/app"),
    ],
)
def test_a_value_is_masked_as_json_and_urls_spell_it(value, line):
    [masked] = mask_values([line], [value])
    assert "ss" not in masked.replace("postgres", "")


def test_a_cursor_stays_inside_the_window():
    window = LogRange(at(30), at(10))
    cursor = LogCursor(LogRange(at(20), at(15)), "AWS+token/=", 7)
    assert cursor_of(cursor.to_text(), window) == cursor
    assert cursor_of(LogCursor(LogRange(at(90), at(0)), "", 1).to_text(), window).part == window
    assert cursor_of("", window) == LogCursor(window)
    for text in ("x", "1.2", "-1.0.0.t", "1.999999999999.0.x"):
        with pytest.raises(Problem, match=r"request\.bad_cursor"):
            cursor_of(text, window)


OF_TEXT, LAST_MINUTES = PageScope(has_text=True), PageScope(has_minutes=True)
MORE_FOLLOW, FOLLOWS = PageScope(has_text=True, is_last=False), PageScope(is_first=False)


@pytest.mark.parametrize(
    "lines, scope, since, until, gap",
    [
        ((), PageScope(), 60, 0, LogGap.NO_LINES),
        ((), OF_TEXT, 60, 0, LogGap.NO_MATCH),
        ((), LAST_MINUTES, 60, 0, LogGap.NO_LINES),
        ((), MORE_FOLLOW, 60, 0, LogGap.NONE_YET),
        ((), FOLLOWS, 60, 0, LogGap.NO_MORE),
        ((), PageScope(), 9_000, 5_000, LogGap.EXPIRED),
        (("own",), PageScope(), 9_000, 0, LogGap.PARTLY_EXPIRED),
        (("[deployment:4] Canceled",), PageScope(), 60, 0, LogGap.NOT_STARTED),
        (("[deployment:4] Canceled",), OF_TEXT, 60, 0, LogGap.NONE),
        (("[deployment:4] Canceled",), LAST_MINUTES, 60, 0, LogGap.NONE),
        (("[deployment:4] Canceled",), FOLLOWS, 60, 0, LogGap.NONE),
        (("own",), PageScope(), 60, 0, LogGap.NONE),
    ],
)
def test_what_is_missing_is_said(lines, scope, since, until, gap):
    window = LogRange(at(since), at(until))
    shown = lines_to_show([LogLine(at(until), line) for line in lines], 4, window, [])
    assert gap_of(shown, window, NOW, scope) is gap


def test_the_last_minutes_of_a_version_whose_creation_is_unknown():
    assert window_of([Deployment(1, "ACTIVE", None)], 1, NOW, 10) == LogRange(at(10), NOW)


def test_a_filter_is_one_quoted_term():
    assert (filter_pattern('say "hi" -x'), filter_pattern("")) == ('"say \\"hi\\" -x"', "")
