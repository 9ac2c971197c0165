"""The shape of a cause, and helpers that write the list. Plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from app.diagnosis.check_result import Check, Params
from app.diagnosis.fix_kinds import Fix

_URI: Final = "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop/web:1.4"
_WEB: Final = {"service": "shop", "repository": "shop/web", "suggested": _URI, "image": "shop/web:1.4"}


@dataclass(frozen=True)
class Cause:
    """One cause. `example` fills its sentences in docs/why.md; `is_access`: the pull was refused for missing access."""

    check: Check
    title: str
    explanation: str
    fixes: tuple[Fix, ...] = ()
    is_access: bool = False
    example: Params = field(default_factory=dict)


def access(check: Check, title: str, explanation: str, *fixes: Fix, **example: str) -> Cause:
    """Return a cause that is about access."""
    return Cause(check, title, explanation, fixes, is_access=True, example=_WEB | example)


def other(check: Check, title: str, explanation: str, *fixes: Fix, **example: str | int) -> Cause:
    """Return a cause that is not about access."""
    return Cause(check, title, explanation, fixes, example=_WEB | example)
