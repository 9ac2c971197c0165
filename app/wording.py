"""Marks and fills the sentences that people read. Must never import anything of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Words(NamedTuple):
    """The two templates of a problem: the cause in one sentence, and what to do in one sentence."""

    what: str
    todo: str


@dataclass(frozen=True)
class Message:
    """A sentence to be said in the reader's language: an English template marked with `N_`, and its values."""

    text: str
    params: Mapping[str, str | int] = field(default_factory=dict)


def N_(text: str) -> str:  # noqa: N802  (the name that gettext tools look for)
    """Mark `text` for the catalogues and return it as it is; the reader's language is chosen when it is shown."""
    return text


def fill(template: str, params: Mapping[str, str | int]) -> str:
    """Put `params` into the `%(name)s` places of `template`; "?" where an older release has stored none."""
    return template % _Params(params)


class _Params(dict[str, str | int]):
    def __missing__(self, name: str) -> str:
        return "?"
