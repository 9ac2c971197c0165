"""Plans how a change of ours is taken back from a policy that others may have changed since. Must never take theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Problem
from app.policy.canonical import body_key, equivalent, statement_key, value_key
from app.policy.change import Edit, PolicyChange, change_to, edits_between, unchanged
from app.policy.document import PolicyDocument, parse, parse_or_new
from app.policy.merging import moved_principals
from app.policy.statement import Statement, is_allow, label, named_by


@dataclass(frozen=True)
class Clash:
    """One place where somebody else changed what we had changed: as it was before us, as we left it, as it is now.

    None means that it was not there. `place` is how people find it: a statement's label, or a top-level key.
    """

    place: str
    before: Statement | None
    ours: Statement | None
    now: Statement | None


@dataclass(frozen=True)
class Conflict:
    """Why our change cannot be taken back by itself; a person decides, with both sides in sight."""

    clashes: tuple[Clash, ...]

    @property
    def problem(self) -> Problem:
        """The same as the Problem an operation ends with: `policy.undo_conflict`."""
        return Problem("policy.undo_conflict", statement=", ".join(clash.place for clash in self.clashes))


def plan_undo(before: str | None, ours: str | None, now: str | None) -> PolicyChange | Conflict:
    """What takes back our part alone, the change from `before` to `ours`, from the policy as it is `now`.

    Statements that others added, changed or removed since stay as they are; what of our change is already gone
    needs nothing. Where they changed the very statement that we had changed, the answer is a Conflict.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if equivalent(now, before):
        return unchanged(now)
    if equivalent(now, ours):
        return plan_restore(before, now)
    current = parse_or_new(now)
    base = current if now is not None or before is None else parse(before).with_statements(())
    merge = _Merge(list(current.statements), _statements(before), _statements(ours))
    for edit in edits_between(merge.before, merge.ours):
        merge.take_back(edit)
    members = merge.members(before, ours, base)
    if merge.clashes:
        return Conflict(tuple(merge.clashes))
    after = members.with_statements(merge.statements)
    if not (after.statements or current.statements) or after.members == current.members:
        return unchanged(now)
    return change_to(now, current, after)


def plan_restore(target: str | None, now: str | None) -> PolicyChange:
    """What makes the policy say again what the recorded text `target` says; None deletes it.

    ECR may refuse it where a principal of that time exists no more: `findings.suspects` names the likely ones.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if equivalent(target, now):
        return unchanged(now)
    return change_to(now, parse_or_new(now), parse_or_new(target))


def _statements(text: str | None) -> tuple[Statement, ...]:
    return parse_or_new(text).statements


class _Merge:
    """The statements as they are now, while one edit of ours after another is taken back from them."""

    def __init__(self, statements: list[Statement], before: Sequence[Statement], ours: Sequence[Statement]) -> None:
        self.statements = statements
        self.before = before
        self.ours = ours
        self.clashes: list[Clash] = []
        self._ours_keys = {statement_key(one) for one in ours}

    def take_back(self, edit: Edit) -> None:
        """Undo one edit of ours, or note why it cannot be."""
        if edit.before is None and edit.after is not None:
            self._take_out(edit.after)
        elif edit.before is not None and edit.after is None:
            self._put_back(edit.before, edit.before_index or 0)
        elif edit.before is not None and edit.after is not None:
            self._change_back(edit.before, edit.after)

    def members(self, before: str | None, ours: str | None, base: PolicyDocument) -> PolicyDocument:
        """`base` with the other top-level members as they were before us, where we had changed them."""
        if before is None or ours is None:
            return base
        was, made = parse(before).members, parse(ours).members
        members = dict(base.members)
        for key in (*was, *(key for key in made if key not in was)):
            texts = [value_key(side.get(key)) for side in (was, made, members)]
            if key == "Statement" or texts[0] == texts[1] or texts[0] == texts[2]:
                continue
            if texts[1] != texts[2]:
                self.clashes.append(Clash(key, was, made, members))
            elif key in was:
                members[key] = was[key]
            else:
                del members[key]
        return PolicyDocument(members)

    def _take_out(self, added: Statement) -> None:
        at = self._find(added)
        if at is not None:
            del self.statements[at]
            return
        others = {one for one in named_by(added) if one[1] != "*"}
        for index, statement in enumerate(self.statements):
            named = bool(others & set(named_by(statement))) or _same_sid(statement, added)
            if named and is_allow(statement) == is_allow(added) and self._is_theirs(statement):
                self.clashes.append(Clash(label(index, statement), None, added, statement))
                return

    def _put_back(self, removed: Statement, index: int) -> None:
        if self._find(removed) is not None:
            return
        for at, statement in enumerate(self.statements):
            if _same_sid(statement, removed) and self._is_theirs(statement):
                self.clashes.append(Clash(label(at, statement), removed, None, statement))
                return
        self.statements.insert(self._place(index), removed)

    def _change_back(self, before: Statement, ours: Statement) -> None:
        at = self._find(ours)
        if at is not None:
            self.statements[at] = before
            return
        if self._find(before) is not None:
            return
        for index, statement in enumerate(self.statements):
            merged = moved_principals(statement, ours, before) if body_key(statement) == body_key(ours) else None
            if merged is not None and self._is_theirs(statement):
                self.statements[index] = merged
                return
        twin = next(((i, one) for i, one in enumerate(self.statements) if _same_sid(one, ours)), None)
        place = label(*twin) if twin else label(self.ours.index(ours), ours)
        self.clashes.append(Clash(place, before, ours, twin[1] if twin else None))

    def _find(self, wanted: Statement) -> int | None:
        key = statement_key(wanted)
        return next((index for index, one in enumerate(self.statements) if statement_key(one) == key), None)

    def _is_theirs(self, statement: Statement) -> bool:
        return statement_key(statement) not in self._ours_keys

    def _place(self, index: int) -> int:
        """Behind the nearest statement that stood before it and still stands."""
        for earlier in reversed(self.before[:index]):
            at = self._find(earlier)
            if at is not None:
                return at + 1
        return 0


def _same_sid(a: Statement, b: Statement) -> bool:
    return bool(a.get("Sid")) and a.get("Sid") == b.get("Sid")
