"""The reader's language: chosen per request, kept in a context variable. Nothing is translated at import.

Catalogues are `locale/<language>.po`, each read into memory once, when it is first asked for; English needs none. They
are trusted like code: a translated sentence may hold markup only where its English one does.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextvars import ContextVar, Token
from dataclasses import dataclass
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

ENGLISH = "en"
# The languages, each by its own name for itself.
LANGUAGES = {ENGLISH: "English", "ja": "日本語"}


@dataclass(frozen=True)
class Language:
    """The catalogue in which sentences are looked up."""

    code: str
    catalogue: NullTranslations


_current: ContextVar[Language | None] = ContextVar("language", default=None)


class Catalogues(Mapping[str, NullTranslations]):
    """The catalogues by language: of every language but English."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._read: dict[str, NullTranslations] = {}

    def is_read(self, code: str) -> bool:
        """Return whether the catalogue can be had at once; reading one takes a fifth of a second."""
        return code in self._read or code not in self

    def __getitem__(self, code: str) -> NullTranslations:
        if code not in self:
            raise KeyError(code)
        if code not in self._read:
            self._read[code] = _load(self._root / f"{code}.po", code)
        return self._read[code]

    def __contains__(self, code: object) -> bool:
        return code != ENGLISH and code in LANGUAGES

    def __iter__(self) -> Iterator[str]:
        return (code for code in LANGUAGES if code != ENGLISH)

    def __len__(self) -> int:
        return len(LANGUAGES) - 1


def _load(path: Path, code: str) -> Translations:
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=code))
    compiled.seek(0)
    return Translations(compiled)


def use(code: str, catalogues: Mapping[str, NullTranslations]) -> Token[Language | None]:
    """Set the language of the current context; `leave` with the returned token restores the previous one."""
    return _current.set(Language(code, catalogues.get(code, NullTranslations())))


def leave(token: Token[Language | None]) -> None:
    """Restore the language from before `use`."""
    _current.reset(token)


def code() -> str:
    """Return the current language's code, for `<html lang>`."""
    language = _current.get()
    return language.code if language else ENGLISH


def _catalogue() -> NullTranslations:
    language = _current.get()
    return language.catalogue if language else NullTranslations()


def gettext(message: str) -> str:
    """Return `message` in the current language."""
    return _catalogue().gettext(message)


def ngettext(singular: str, plural: str, n: int) -> str:
    """Return the form of the sentence for `n`."""
    return _catalogue().ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """Return `message` as it is used in `context`: for English words with two meanings."""
    return str(_catalogue().pgettext(context, message))


def npgettext(context: str, singular: str, plural: str, n: int) -> str:
    """Return the form for `n`, as it is used in `context`."""
    return str(_catalogue().npgettext(context, singular, plural, n))
