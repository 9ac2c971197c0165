"""The catalogues hold exactly the sentences on screen, each translated, each with its placeholders."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLACE = re.compile(r"%\(\w+\)s")


@pytest.fixture(scope="module")
def messages():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "tools")
        import messages  # noqa: PLC0415  (a script, found only once its folder is)

        yield messages
        sys.modules.pop("messages")


@pytest.fixture(scope="module")
def extracted(messages):
    return messages.extract()


@pytest.fixture(scope="module")
def japanese(messages):
    return messages.read(ROOT / "locale" / "ja.po")


def ids(catalogue):
    return {(message.context, message.id) for message in catalogue if message.id}


def test_the_catalogue_holds_what_is_on_screen_and_no_more(extracted, japanese):
    assert ids(japanese) == ids(extracted)


def test_every_sentence_is_translated(messages, japanese):
    assert [message.id for message in japanese if message.id and not messages.is_translated(message)] == []
    assert [message.id for message in japanese if message.fuzzy] == []


def test_no_translation_breaks_its_sentence(japanese):
    assert [(message.id, errors) for message, errors in japanese.check()] == []


def test_every_translation_has_the_places_of_its_sentence(japanese):
    def places(sentence):
        last = sentence[-1] if isinstance(sentence, tuple) else sentence
        return set(PLACE.findall(last))

    assert [each.id for each in japanese if each.id and places(each.id) != places(each.string)] == []


def test_the_tables_of_sentences_are_extracted(extracted):
    from app.messages.problems import WORDS  # noqa: PLC0415
    from app.operations.messages import NOTES  # noqa: PLC0415  (the sentences of another layer)
    from app.policy.messages import WORDS as POLICY  # noqa: PLC0415

    sentences = {*NOTES.values(), *POLICY.values(), *(part for words in WORDS.values() for part in words)}
    assert sentences <= {message.id for message in extracted}
