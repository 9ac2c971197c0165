"""Whether what clients requested of one register explains what AWS held: a linearizability check, as Jepsen's. Pure.

A register is one service's access to one repository, or one service's role: it is on or off. A request writes a value.
It takes effect at one moment between being sent and the end of its operation. Requests that were answered before another
was sent come before it, on whichever replicas: the last request decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

CERTAIN = ("succeeded", "nothing_to_do")


@dataclass(frozen=True)
class Write:
    """A request: sent, answered and ended at these times; what it makes of the register, and how it ended.

    `certain`: it must have taken effect; one that was cancelled or failed may have.
    """

    name: str
    value: bool
    sent: float
    answered: float
    ended: float
    certain: bool = True


@dataclass(frozen=True)
class Change:
    """The register took another value in AWS. `foreign`: somebody else wrote, which no request need explain."""

    at: float
    value: bool
    foreign: bool = False


def anomaly(initial: bool, changes: Sequence[Change], writes: Sequence[Write]) -> str:
    """Return what no order of the requests explains; "" where some order does.

    Args:
        initial: the register's value before the first request.
        changes: every change of it in AWS, in order of time.
        writes: every request, all of which have ended.
    """
    spans = _spans(initial, changes)
    if _explained(spans, tuple(sorted(writes, key=lambda write: write.sent))):
        return ""
    held = ", ".join(f"{span.value} from {span.begins:.3f}" for span in spans)
    asked = ", ".join(f"{write.name}={write.value} {write.sent:.3f} to {write.ended:.3f}" for write in writes)
    return f"no order of the requests explains what AWS held: {held}; requests: {asked}"


@dataclass(frozen=True)
class _Span:
    """A time in which the register held one value; `free`: somebody else, or nobody, began it."""

    begins: float
    ends: float
    value: bool
    free: bool


def _spans(initial: bool, changes: Sequence[Change]) -> tuple[_Span, ...]:
    begins = [float("-inf"), *(change.at for change in changes)]
    ends = [*begins[1:], float("inf")]
    values = [initial, *(change.value for change in changes)]
    free = [True, *(change.foreign for change in changes)]
    return tuple(_Span(*span) for span in zip(begins, ends, values, free, strict=True))


def _explained(spans: tuple[_Span, ...], writes: tuple[Write, ...]) -> bool:
    """Search for an order: requests are placed one after the other, each in the present span or at a later one's begin.

    A state is which requests are placed and which span has been reached; each is visited once.
    """
    earlier = [frozenset(i for i, other in enumerate(writes) if other.answered < write.sent) for write in writes]
    uncertain = frozenset(i for i, write in enumerate(writes) if not write.certain)

    @cache
    def reach(placed: frozenset[int], at: int) -> bool:
        left = [i for i in range(len(writes)) if i not in placed]
        if at == len(spans) - 1 and all(i in uncertain for i in left):
            return True
        if at + 1 < len(spans) and spans[at + 1].free and reach(placed, at + 1):
            return True
        for i in left:
            if i in uncertain and reach(placed | {i}, at):  # it took no effect
                return True
            if not earlier[i] <= placed:
                continue
            if _fits(writes[i], spans[at]) and reach(placed | {i}, at):
                return True
            if at + 1 < len(spans) and _begins(writes[i], spans[at + 1]) and reach(placed | {i}, at + 1):
                return True
        return False

    return reach(frozenset(), 0)


def _fits(write: Write, span: _Span) -> bool:
    """Whether it may have taken effect within a span, changing nothing."""
    return write.value == span.value and write.sent < span.ends and write.ended >= span.begins


def _begins(write: Write, span: _Span) -> bool:
    """Whether it may have begun a span."""
    return write.value == span.value and write.sent <= span.begins <= write.ended
