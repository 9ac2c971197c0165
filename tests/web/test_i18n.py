from __future__ import annotations

import contextvars

import pytest

from app.http.language import choose
from app.messages import i18n
from app.resources import LOCALE


@pytest.mark.parametrize(
    "cookie, accept, chosen",
    [
        (None, None, "en"),
        (None, "ja", "ja"),
        (None, "ja-JP,ja;q=0.9,en;q=0.8", "ja"),
        (None, "en;q=0.4, ja;q=0.6", "ja"),
        (None, "en; q=0.4, ja; q=0.6", "ja"),
        (None, "ja;q=0, en;q=0.1", "en"),
        (None, "ja;q=0.000", "en"),
        (None, "fr, de;q=0.9", "en"),
        (None, "ja;q=nonsense, en", "en"),
        (None, ",;q=,=;;", "en"),
        ("ja", "en", "ja"),
        ("en", "ja", "en"),
        ("../../etc", "ja", "ja"),
    ],
)
def test_the_language_is_the_readers_choice_then_the_browsers(cookie, accept, chosen):
    assert choose(cookie, accept) == chosen


def test_sentences_are_looked_up_in_the_present_language(catalogues):
    def said() -> tuple[str, str]:
        i18n.use("ja", catalogues)
        return i18n.gettext("Containers"), i18n.pgettext("diff", "added")

    assert contextvars.copy_context().run(said) == ("コンテナ", "追加")


def test_english_needs_no_catalogue(catalogues):
    assert "en" not in catalogues
    assert i18n.ngettext("one", "many", 2) == "many"


def test_a_catalogue_is_read_when_it_is_first_asked_for():
    catalogues = i18n.Catalogues(LOCALE)
    assert (catalogues.is_read("en"), catalogues.is_read("ja"), list(catalogues)) == (True, False, ["ja"])
    assert catalogues["ja"].gettext("Containers") == "コンテナ"
    assert catalogues.is_read("ja")
    with pytest.raises(KeyError):
        catalogues["en"]


def test_outside_a_request_the_language_is_english():
    assert (i18n.code(), i18n.gettext("Containers")) == ("en", "Containers")
