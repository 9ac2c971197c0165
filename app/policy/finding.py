"""What can be said about a policy: a code, its params and where. The sentences are `words.py`'s; must hold no prose."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters to the reader."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing that a person should know about a policy.

    `code` is a key of `words.WORDS`; `params` fill its template. `statement` is the statement's index in the
    policy (0-based, None for the policy as a whole), `principal` the value it is about, where it is about one.
    """

    code: str
    severity: Severity = Severity.INFO
    params: dict[str, str | int] = field(default_factory=dict)
    statement: int | None = None
    principal: str = ""
