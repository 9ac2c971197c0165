"""The reader's language: chosen per request, kept in a context variable. Must never translate at import.

Catalogues are `locale/<language>.po`, read into memory once at the start; English needs none. They are code that we
trust: a translated sentence may hold markup only where its English one does.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH = "en"
# The languages there are, each by its own name for itself.
LANGUAGES = {ENGLISH: "English", "ja": "日本語"}

Catalogues = Mapping[str, NullTranslations]


@dataclass(frozen=True)
class Language:
    """What sentences are looked up in."""

    code: str
    catalogue: NullTranslations


_current: ContextVar[Language | None] = ContextVar("language", default=None)


def load_catalogues(root: Path) -> Catalogues:
    """Read the catalogue of every language but English."""
    return {code: _load(root / f"{code}.po", code) for code in LANGUAGES if code != ENGLISH}


def _load(path: Path, code: str) -> Translations:
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def use(code: str, catalogues: Catalogues) -> Token[Language | None]:
    """Set the language of the present context; `leave` with what this returns restores the one before."""
    return _current.set(Language(code, catalogues.get(code, NullTranslations())))


def leave(token: Token[Language | None]) -> None:
    """Restore the language from before `use`."""
    _current.reset(token)


def code() -> str:
    """The present language's code, as `<html lang>` wants it."""
    language = _current.get()
    return language.code if language else ENGLISH


def _catalogue() -> NullTranslations:
    language = _current.get()
    return language.catalogue if language else NullTranslations()


def gettext(message: str) -> str:
    """`message` in the present language."""
    return _catalogue().gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form of the sentence that fits `n`."""
    return _catalogue().ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """`message` as it is said in `context`: one English word, two meanings."""
    return str(_catalogue().pgettext(context, message))


def npgettext(context: str, singular: str, plural: str, n: int) -> str:
    """The form that fits `n`, as it is said in `context`."""
    return str(_catalogue().npgettext(context, singular, plural, n))
