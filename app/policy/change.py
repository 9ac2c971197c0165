"""What a plan would do to a repository's policy, as data: shown before, written, recorded, undone. Must never plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.policy.canonical import same_statement, statement_key
from app.policy.document import PolicyDocument, render
from app.policy.finding import Finding
from app.policy.pairing import paired
from app.policy.sequences import runs
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
class PlannedChange:
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


def unchanged(text: str | None, leftovers: Sequence[Finding] = ()) -> PlannedChange:
    """The change that is none."""
    return PlannedChange(before=text, after=text, needed=False, leftovers=tuple(leftovers))


def change_to(
    text: str | None, before: PolicyDocument, after: PolicyDocument, leftovers: Sequence[Finding] = ()
) -> PlannedChange:
    """The change from `text`, read as `before`, to `after`; a document without statements means no policy.

    Raises:
        Problem: `policy.too_long`.
    """
    edits = edits_between(before.statements, after.statements)
    written = render(after) if after.statements else None
    return PlannedChange(before=text, after=written, needed=True, edits=edits, leftovers=tuple(leftovers))


def edits_between(before: Sequence[Statement], after: Sequence[Statement]) -> tuple[Edit, ...]:
    """The statements that differ, in order; one that keeps its Sid, or differs in one element, counts as changed."""
    return tuple(
        Edit(None if i is None else before[i], None if j is None else after[j], i, j)
        for i, j in matched(before, after)
        if i is None or j is None or not same_statement(before[i], after[j])
    )


def matched(before: Sequence[Statement], after: Sequence[Statement]) -> tuple[tuple[int | None, int | None], ...]:
    """Which statement of one policy is which of the other, by index; None where it has no match."""
    keys_before, keys_after = ([statement_key(statement) for statement in side] for side in (before, after))
    pairs: list[tuple[int | None, int | None]] = []
    for run in runs(keys_before, keys_after):
        left, right = range(run.i1, run.i2), range(run.j1, run.j2)
        pairs += zip(left, right, strict=True) if run.same else paired(before, left, after, right)
    return tuple(pairs)
