r"""Repairs policy texts that were pasted together as AWS's guide describes. Returns one valid document, or no repair.

The guide's way to extend a policy: copy `policyText` out of the CLI's answer, replace `\n` by line breaks, delete the
remaining `\`, and paste `, {"Version": ..., "Statement": [...]}` after it. The result is two documents in one text,
often with too few or too many characters deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from app.errors import Problem
from app.policy import strict_json

PASTED = "pasted_documents"
NESTED = "nested_documents"
ESCAPED = "escaped_text"
ANSWER = "whole_answer"
BARE = "bare_statement"
COMMA = "stray_comma"
VERSIONS = "versions_differ"


@dataclass(frozen=True)
class Mended:
    """The repaired text, and what was wrong: codes, each `mend.<code>` in `messages.WORDS`.

    If `what` is empty, the text is the given one: it needed no repair, or none was possible.
    """

    text: str
    what: tuple[str, ...] = ()


def mend(text: str) -> Mended:
    """Return one policy document made from a pasted text; the first document's `Version` and `Id` win.

    Repairs several documents in one text, documents among the statements, a text left escaped or half escaped, the
    CLI's whole answer, a statement without a document, and stray commas. Idempotent.
    """
    return _Mending().of(text)


def problem_code(mended: Mended) -> str:
    """Return the code of the Problem for a text that needs this repair; empty if it needs none."""
    if not mended.what:
        return ""
    return "policy.pasted_documents" if {PASTED, NESTED} & set(mended.what) else "policy.escaped_text"


class _Mending:
    """The repair of one text, and the texts found inside it: each is read once, up to a limit.

    A text can hold another in a string, escaped, and that one another; reading each in every way would multiply.
    """

    def __init__(self) -> None:
        self.results: dict[str, Mended] = {}

    def of(self, text: str) -> Mended:
        if text not in self.results:
            self.results[text] = Mended(text)
            if len(self.results) <= _MOST_TEXTS:
                self.results[text] = self._read(text)
        return self.results[text]

    def _read(self, text: str) -> Mended:
        tried = set()
        for what, read in _READINGS:
            reading = read(text)
            if reading in tried:
                continue
            tried.add(reading)
            values = _values(reading)
            mended = self._mended(text, values, [what] if what else []) if values else None
            if mended is not None:
                return mended
        return Mended(text)

    def _mended(self, text: str, values: tuple[Any, ...], what: list[str]) -> Mended | None:
        inner = _inner(values)
        if inner is not None:
            code, inner_text = inner
            deeper = self.of(inner_text)
            return Mended(deeper.text, (*what, code, *deeper.what)) if _is_document(deeper.text) else None
        listed = len(values) == 1 and isinstance(values[0], list)
        documents = _documents(values[0] if listed else values, what)
        if not documents:
            return None
        if len(documents) > 1:
            what.append(PASTED)
        if len({str(document["Version"]) for document in documents if "Version" in document}) > 1:
            what.append(VERSIONS)
        whole = _merged(documents, what)
        if not what and _is_document(text):
            return Mended(text)
        return Mended(strict_json.dump(whole), tuple(dict.fromkeys(what or [COMMA])))


def _values(text: str) -> tuple[Any, ...]:
    """Return the one JSON value of a text, or the objects in it; nothing if it holds anything else."""
    values: list[Any] = []
    try:
        for value in strict_json.load_many(text):
            values.append(value)
            if len(values) > 1 and not (isinstance(values[0], dict) and isinstance(value, dict)):
                return ()
    except Problem:
        return ()
    return tuple(values)


def _inner(values: tuple[Any, ...]) -> tuple[str, str] | None:
    """Return the policy text inside a JSON string, or inside the CLI's answer to get-repository-policy."""
    value = values[0] if len(values) == 1 else None
    if isinstance(value, str):
        return ESCAPED, value
    if isinstance(value, dict) and isinstance(value.get("policyText"), str):
        return ANSWER, value["policyText"]
    return None


def _documents(values: Iterable[Any], what: list[str]) -> list[dict[str, Any]] | None:
    """Return the documents that the values are; None if one of them is something else, so that nothing gets lost."""
    documents = []
    for value in values:
        if not isinstance(value, dict):
            return None
        if isinstance(value.get("Statement"), dict | list):
            documents.append(value)
        elif "Effect" in value:
            what.append(BARE)
            documents.append({"Statement": [value]})
        else:
            return None
    return documents


def _merged(documents: list[dict[str, Any]], what: list[str]) -> dict[str, Any]:
    statements = [statement for document in documents for statement in _flat(document["Statement"], what)]
    whole: dict[str, Any] = {}
    for document in documents:
        whole |= {key: value for key, value in document.items() if key not in whole}
    return {**whole, "Statement": statements}


def _flat(statements: Any, what: list[str]) -> Iterable[Any]:
    for statement in statements if isinstance(statements, list) else [statements]:
        if isinstance(statement, dict) and isinstance(statement.get("Statement"), dict | list):
            what.append(NESTED)
            yield from _flat(statement["Statement"], what)
        else:
            yield statement


def _is_document(text: str) -> bool:
    try:
        value = strict_json.load(text)
    except Problem:
        return False
    return isinstance(value, dict) and isinstance(value.get("Statement"), dict | list)


_MOST_TEXTS = 12
# An unterminated string runs to the end of the text: searching it for others would be quadratic.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}


def _as_it_is(text: str) -> str:
    return text.removeprefix("\ufeff")


def _line_breaks_unescaped(text: str) -> str:
    r"""Replace `\n` outside of strings by white space: only the backslashes before the quotes were deleted."""
    return _outside_strings(text, lambda between: re.sub(r"\\[nrt]", " ", between))


def _all_unescaped(text: str) -> str:
    """Undo one level of escaping everywhere: nothing, or only the line breaks, was replaced."""
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[0]), text, flags=re.DOTALL)


def _letters_dropped(text: str) -> str:
    """Replace a lone `n` outside of strings by white space: the backslashes were deleted before the line breaks."""
    return _outside_strings(text, lambda between: re.sub(r"(?<![a-z])n(?![a-z])", " ", between))


def _outside_strings(text: str, change: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for string in _STRING.finditer(text):
        if string.start() > at:
            pieces.append(change(text[at : string.start()]))
        pieces.append(string[0])
        at = string.end()
    return "".join([*pieces, change(text[at:])])


def _unquoted(read: Callable[[str], str]) -> Callable[[str], str]:
    """Return a variant of `read` for a text that was copied with the quotes around it."""

    def read_inside(text: str) -> str:
        inside = text.strip().removesuffix(",").rstrip()
        return read(inside[1:-1]) if inside[:1] == inside[-1:] == '"' else text

    return read_inside


_READINGS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("", _as_it_is),
    (ESCAPED, _line_breaks_unescaped),
    (ESCAPED, _all_unescaped),
    (ESCAPED, _letters_dropped),
    (ESCAPED, _unquoted(_as_it_is)),
    (ESCAPED, _unquoted(_line_breaks_unescaped)),
    (ESCAPED, _unquoted(_all_unescaped)),
    (ESCAPED, _unquoted(_letters_dropped)),
)
