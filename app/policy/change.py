"""What a plan would do to a repository's policy, as data: shown before, written, recorded, undone. Must never plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from app.policy.canonical import differing, same_statement, statement_key
from app.policy.document import PolicyDocument, render
from app.policy.notes import Finding
from app.policy.statement import Statement


@dataclass(frozen=True)
class Edit:
    """One statement that differs: `before` None = added, `after` None = removed, both = changed.

    The indices (0-based) are its places in the policy before and after.
    """

    before: Statement | None
    after: Statement | None
    before_index: int | None = None
    after_index: int | None = None


@dataclass(frozen=True)
class PolicyChange:
    """A change of one repository's policy.

    `before` is the text it was planned on, as it was given, and `after` the text to send, each None for no policy.
    Where `needed` is False they are the same and nothing is to be written. `leftovers` say what the change
    could not bring about.
    """

    before: str | None
    after: str | None
    needed: bool
    edits: tuple[Edit, ...] = ()
    leftovers: tuple[Finding, ...] = ()

    @property
    def deletes_policy(self) -> bool:
        """Whether it takes `DeleteRepositoryPolicy`, because no statement is left."""
        return self.needed and self.after is None

    @property
    def added(self) -> tuple[Statement, ...]:
        """The statements that are new."""
        return tuple(edit.after for edit in self.edits if edit.before is None and edit.after is not None)

    @property
    def removed(self) -> tuple[Statement, ...]:
        """The statements that go."""
        return tuple(edit.before for edit in self.edits if edit.after is None and edit.before is not None)

    @property
    def changed(self) -> tuple[tuple[Statement, Statement], ...]:
        """The statements that stay with something else in them, before and after."""
        return tuple((edit.before, edit.after) for edit in self.edits if edit.before and edit.after)


def unchanged(text: str | None, leftovers: Sequence[Finding] = ()) -> PolicyChange:
    """The change that is none."""
    return PolicyChange(before=text, after=text, needed=False, leftovers=tuple(leftovers))


def change_to(
    text: str | None, before: PolicyDocument, after: PolicyDocument, leftovers: Sequence[Finding] = ()
) -> PolicyChange:
    """The change from `text`, read as `before`, to `after`; a document without statements means no policy.

    Raises:
        Problem: `policy.too_long`.
    """
    edits = edits_between(before.statements, after.statements)
    written = render(after) if after.statements else None
    return PolicyChange(before=text, after=written, needed=True, edits=edits, leftovers=tuple(leftovers))


def edits_between(before: Sequence[Statement], after: Sequence[Statement]) -> tuple[Edit, ...]:
    """The statements that differ, in order; one that keeps its Sid, or differs in one element, counts as changed."""
    return tuple(
        Edit(None if i is None else before[i], None if j is None else after[j], i, j)
        for i, j in matched(before, after)
        if i is None or j is None or not same_statement(before[i], after[j])
    )


def matched(before: Sequence[Statement], after: Sequence[Statement]) -> tuple[tuple[int | None, int | None], ...]:
    """Which statement of one policy is which of the other, by index; None where it has no match."""
    shortest = min(len(before), len(after))
    head = next((at for at in range(shortest) if before[at] != after[at]), shortest)
    tail = next((at for at in range(shortest - head) if before[-1 - at] != after[-1 - at]), shortest - head)
    pairs: list[tuple[int | None, int | None]] = list(zip(range(head), range(head), strict=True))
    for kind, i1, i2, j1, j2 in _opcodes(before[head : len(before) - tail], after[head : len(after) - tail]):
        left, right = range(i1 + head, i2 + head), range(j1 + head, j2 + head)
        pairs += zip(left, right, strict=True) if kind == "equal" else _paired(before, left, after, right)
    ends = zip(range(len(before) - tail, len(before)), range(len(after) - tail, len(after)), strict=True)
    return (*pairs, *ends)


def _opcodes(before: Sequence[Statement], after: Sequence[Statement]) -> list[tuple[str, int, int, int, int]]:
    keys_before, keys_after = [[statement_key(one) for one in side] for side in (before, after)]
    return list(SequenceMatcher(None, keys_before, keys_after, autojunk=False).get_opcodes())


def _paired(
    before: Sequence[Statement], left: range, after: Sequence[Statement], right: range
) -> list[tuple[int | None, int | None]]:
    pairs: list[tuple[int | None, int | None]] = []
    free = list(right)
    for i in left:
        twin = next((j for j in free if _alike(before[i], after[j])), None)
        pairs.append((i, twin))
        if twin is not None:
            free.remove(twin)
    return pairs + [(None, j) for j in free]


def _alike(a: Statement, b: Statement) -> bool:
    return bool(a.get("Sid") and a.get("Sid") == b.get("Sid")) or len(differing(a, b)) <= 1
