"""From the recorded writes of a policy and what was read of it: the changes that somebody made outside Sailpass. Pure.

Each recorded change says what the policy was before and after. Where one does not begin with what the one before it
left, somebody else has written in between; so too where a reading shows another text than the last one left.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.errors import Problem
from app.history.drift import SETTLES, UNANSWERED_SETTLES, RecordedChange, SeenChange
from app.policy.canonical import equivalent
from app.policy.document import parse
from app.policy.principals import PrincipalKind, refer
from app.policy.statement import excluded_by, named_by


@dataclass(frozen=True)
class SeenPolicy:
    """A policy as it was read at `at`, and as it had been read before that at `before_at`; None for never."""

    text: str | None
    at: datetime
    before: str | None = None
    before_at: datetime | None = None


@dataclass(frozen=True)
class ForeignChange:
    """A change that somebody else made; `key` names it. `sure`: a write of ours has recorded what it found."""

    key: str
    seen: SeenChange
    sure: bool


def foreign_changes(recorded: Sequence[RecordedChange], reading: SeenPolicy) -> Iterator[ForeignChange]:
    """Yield what somebody else did, the oldest first, from the recorded changes of one policy, oldest first.

    Where none is recorded, or the last write has no answer, only what the reading shows beside the one before it can be told.
    """
    last: RecordedChange | None = None
    for change in recorded:
        if change.written_at is None:
            continue
        follows = last is None or _same(last.after, change.before) or _puts_back(change, last)
        if last is not None and last.written_at is not None and change.by_us and not follows:
            settled = change.planned_at - last.written_at > SETTLES
            if settled or not equivalent(last.before, change.before):
                seen = SeenChange(last.after, last.written_at, change.before, change.planned_at)
                yield ForeignChange(f"before {change.key}", seen, sure=True)
        last = change
    unanswered = [change for change in recorded if change.written_at is None]
    if unanswered and (last is None or unanswered[-1].planned_at >= last.planned_at):
        # AWS may have carried that one out, and for a while may still: what is new until then may be ours.
        if reading.before_at is not None and reading.before_at > unanswered[-1].planned_at + UNANSWERED_SETTLES:
            yield from _between(reading)
        return
    if not recorded:
        yield from _between(reading)
    if last is None or last.written_at is None or reading.at <= last.written_at + SETTLES:
        return
    if not _same(last.after, reading.text):
        seen = SeenChange(last.after, _unchanged_until(last.after, last.written_at, reading), reading.text, reading.at)
        yield ForeignChange(f"after {last.key}", seen, sure=False)


def _between(reading: SeenPolicy) -> Iterator[ForeignChange]:
    """Yield what a reading shows beside the one before it, if that differs."""
    if reading.before_at is not None and not _same(reading.before, reading.text):
        seen = SeenChange(reading.before, reading.before_at, reading.text, reading.at)
        yield ForeignChange(f"after {reading.before_at.isoformat()}", seen, sure=False)


def _puts_back(change: RecordedChange, last: RecordedChange) -> bool:
    """Whether it puts back what the same operation's deletion took away of others': it begins with the deleted text."""
    same_operation = change.key.rpartition("/")[0] == last.key.rpartition("/")[0]
    return same_operation and last.after is None and equivalent(change.before, last.before)


def _unchanged_until(text: str | None, written_at: datetime, reading: SeenPolicy) -> datetime:
    """When the policy was last known to be `text`, which was written at `written_at`."""
    later = reading.before_at is not None and reading.before_at > written_at and equivalent(reading.before, text)
    return reading.before_at if later and reading.before_at is not None else written_at


def _same(before: str | None, after: str | None) -> bool:
    """Whether nobody changed the text: AWS itself turns the ARN of a deleted role into a unique id."""
    if equivalent(before, after):
        return True
    new_ids = _principals(after, unique=True) - _principals(before, unique=True)
    gone = _principals(before, unique=False) - _principals(after, unique=False)
    return bool(new_ids) and equivalent(_masked(before, gone), _masked(after, new_ids))


def _principals(text: str | None, *, unique: bool) -> set[str]:
    """The principals that a policy names: AWS's unique ids, or all others."""
    try:
        statements = parse(text).statements if text is not None else ()
    except Problem:
        return set()
    named = {each for statement in statements for each in (*named_by(statement), *excluded_by(statement))}
    return {value for kind, value in named if (refer(kind, value).kind == PrincipalKind.UNIQUE_ID) is unique}


def _masked(text: str | None, principals: set[str]) -> str | None:
    if text is None:
        return None
    for principal in principals:
        text = text.replace(json.dumps(principal), '"gone"')
    return text
