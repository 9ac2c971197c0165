"""Plans how a change of ours is taken back from a policy that others may have changed since. Must never take theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Problem
from app.policy.arns import WILDCARD
from app.policy.canonical import body_key, equivalent, same_statement, value_key
from app.policy.change import Edit, PolicyChange, change_to, edits_between, matched, unchanged
from app.policy.document import PolicyDocument, parse, parse_or_new
from app.policy.merging import moved_principals
from app.policy.principals import died_since
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
    merge = _Merge(parse_or_new(before).statements, parse_or_new(ours).statements, current.statements)
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


class _Merge:
    """The statements as they are now, while one edit of ours after another is taken back from them.

    Statements are followed by identity, since a policy may hold the same one twice.
    """

    def __init__(self, before: Sequence[Statement], ours: Sequence[Statement], now: Sequence[Statement]) -> None:
        self.before = before
        self.ours = ours
        self.statements = list(now)
        self.clashes: list[Clash] = []
        self._twins = {
            i: now[j]
            for i, j in matched(ours, now)
            if i is not None and j is not None and (same_statement(ours[i], now[j]) or died_since(ours[i], now[j]))
        }
        pairs = matched(before, ours)
        self._standing = {i: self._twins[j] for i, j in pairs if i is not None and j is not None and j in self._twins}

    def take_back(self, edit: Edit) -> None:
        """Undo one edit of ours, or note why it cannot be."""
        if edit.before is None:
            self._take_out(edit)
        elif edit.after is None:
            self._put_back(edit.before, edit.before_index or 0)
        else:
            self._change_back(edit.before, edit.after, edit)

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

    def _take_out(self, edit: Edit) -> None:
        twin = self._twins.get(-1 if edit.after_index is None else edit.after_index)
        if twin is not None:
            del self.statements[self._at(twin)]
        elif edit.after is not None:
            self._clash_with_namesake(edit.after, before=None, ours=edit.after)

    def _put_back(self, removed: Statement, index: int) -> None:
        back = next((one for one in self._theirs() if same_statement(one, removed)), None)
        if back is None:
            if self._clash_with_namesake(removed, before=removed, ours=None):
                return
            back = removed
            self.statements.insert(self._place(index), back)
        self._standing[index] = back

    def _change_back(self, before: Statement, ours: Statement, edit: Edit) -> None:
        twin = self._twins.get(-1 if edit.after_index is None else edit.after_index)
        index = edit.before_index or 0
        if twin is not None:
            self._replace(twin, before, index)
            return
        for theirs in self._theirs():
            if same_statement(theirs, before):
                return
            merged = moved_principals(theirs, ours, before) if body_key(theirs) == body_key(ours) else None
            if merged is not None:
                self._replace(theirs, merged, index)
                return
        now = next((one for one in self._theirs() if one.get("Sid") and one.get("Sid") == ours.get("Sid")), None)
        place = label(edit.after_index or 0, ours) if now is None else label(self._at(now), now)
        self.clashes.append(Clash(place, before, ours, now))

    def _clash_with_namesake(self, statement: Statement, *, before: Statement | None, ours: Statement | None) -> bool:
        """Note a clash where somebody wrote another statement with the same effect for one of the same principals."""
        named = {one for one in named_by(statement) if one[1] != WILDCARD}
        for theirs in self._theirs():
            if named & set(named_by(theirs)) and is_allow(theirs) == is_allow(statement):
                self.clashes.append(Clash(label(self._at(theirs), theirs), before, ours, theirs))
                return True
        return False

    def _theirs(self) -> list[Statement]:
        """The statements that stand now and that we did not leave so."""
        known = {id(one) for one in (*self._twins.values(), *self._standing.values())}
        return [one for one in self.statements if id(one) not in known]

    def _replace(self, old: Statement, new: Statement, index: int) -> None:
        self.statements[self._at(old)] = new
        self._standing[index] = new

    def _at(self, statement: Statement) -> int:
        return next(index for index, one in enumerate(self.statements) if one is statement)

    def _place(self, index: int) -> int:
        """Behind the nearest statement that stood before it and still stands."""
        earlier = next((self._standing[at] for at in range(index - 1, -1, -1) if at in self._standing), None)
        return 0 if earlier is None else self._at(earlier) + 1
