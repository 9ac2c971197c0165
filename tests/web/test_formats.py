from __future__ import annotations

import contextvars
import json
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.console.permissions import CheckedAction, PermissionCheck
from app.messages import i18n, labels, numbers
from app.operations.state import Kind
from app.web import formats, sentences
from app.wording import Message

NOW = datetime(2026, 11, 24, 9, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "seconds, english, japanese",
    [
        (0, "0 sec", "0 秒"),
        (0.36, "0.4 sec", "0.4 秒"),
        (12.4, "12 sec", "12 秒"),
        (60, "1 min", "1 分"),
        (65, "1 min 5 sec", "1 分 5 秒"),
        (3600, "1 hr", "1 時間"),
        (7385, "2 hr 3 min", "2 時間 3 分"),
    ],
)
def test_durations_are_as_long_as_they_need_to_be(seconds, english, japanese):
    assert formats.duration(seconds, "en") == english
    assert formats.duration(seconds, "ja") == japanese


def test_an_age_is_told_in_its_largest_unit():
    assert formats.age(NOW - timedelta(minutes=3, seconds=20), NOW, "en") == "3 minutes ago"
    assert formats.age(NOW - timedelta(days=2), NOW, "ja") == "2 日前"


def test_what_is_newer_than_now_is_no_future():
    assert formats.age(NOW + timedelta(seconds=5), NOW, "en") == "1 second ago"


def test_moments_are_in_utc_without_seconds():
    tokyo = NOW.astimezone(timezone(timedelta(hours=9)))
    assert formats.moment(tokyo, "en") == "Nov 24, 2026 09:30 UTC"
    assert formats.iso(tokyo) == "2026-11-24T09:30:05.000Z"


def test_a_time_without_a_zone_is_utc():
    assert formats.iso(NOW.replace(tzinfo=None)) == formats.iso(NOW)


def test_hidden_characters_become_visible():
    assert formats.plain("a\u202eb\x00c\u2066") == "a\ufffdb\ufffdc\ufffd"
    assert formats.plain("a\x9bb\u061cc\u200bd\u2028e\ufefff\U000e0041g\xadh") == "a�b�c�d�e�f�g�h"
    assert formats.plain("👩\u200d🔧") == "👩\u200d🔧"
    assert formats.plain("日本語 text\n\twith\r\nlines") == "日本語 text\n\twith\r\nlines"


def test_a_policy_text_is_the_same_to_json_with_its_hidden_characters_shown():
    text = '{"Sid": "a\u202eb\u200b\u007f\U000e0041 \\u00e9 日本語"}'
    shown = formats.json_text(text)
    assert shown == '{"Sid": "a\\u202eb\\u200b\\u007f\\udb40\\udc41 \\u00e9 日本語"}'
    assert (json.loads(shown), formats.plain(shown)) == (json.loads(text), shown)
    assert formats.json_text("{}\n") == "{}\n"


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize(
    "amount, text", [(0, "0"), (999, "999"), (1000, "1,000"), (10240, "10,240"), (-1000, "-1,000")]
)
def test_amounts_have_the_separators_of_the_language(amount, text, language):
    assert numbers.number(amount, language) == text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_amounts_in_sentences_have_separators_and_names_do_not(language, catalogues):
    def texts() -> list[str]:
        i18n.use(language, catalogues)
        return [
            sentences.gettext("%(size)s of %(limit)s characters", size=9259, limit=10240),
            sentences.ngettext("%(num)s repository matches", "%(num)s repositories match", 12000),
            labels.say(Message("The policy would have %(characters)s characters.", {"characters": 10300})),
            labels.start_batch(Kind.GRANT, 4999),
            labels.check_said(PermissionCheck("", (CheckedAction("ecr:X", False),) * 1001)),
            labels.say(Message("Nothing answers on port %(port)s", {"port": 8080})),
            labels.say(Message("Version %(version)s", {"version": 1234})),
        ]

    shown = [sorted(re.findall(r"[\d,]*\d", text)) for text in contextvars.copy_context().run(texts)]
    assert shown == [["10,240", "9,259"], ["12,000"], ["10,300"], ["4,999"], ["1,001"], ["8080"], ["1234"]]
