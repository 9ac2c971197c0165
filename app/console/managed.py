"""Whether a service or a policy looks managed by a tool, which may undo a change by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from app.as_code.managed import managed_by, managed_by_sid
from app.errors import Problem
from app.policy import strict_json
from app.wording import Message


def managed_warning(tags: Mapping[str, str], policies: Iterable[str | None] = ()) -> Message | None:
    """Return the warning that a tool manages the service, by its tags, or one of the policies, by its Sids."""
    return managed_by(tags) or managed_by_sid(sid for text in policies for sid in _sids(text))


def _sids(text: str | None) -> Iterator[str]:
    for statement in _statements(text):
        if isinstance(statement, dict) and isinstance(statement.get("Sid"), str):
            yield statement["Sid"]


def _statements(text: str | None) -> list[Any]:
    try:
        document = strict_json.load(text) if text else None
    except Problem:
        return []
    statements = document.get("Statement") if isinstance(document, dict) else None
    return statements if isinstance(statements, list) else [statements]
