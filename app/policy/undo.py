"""Plans how a change of ours is taken back from a policy that others may have changed since. Must never take theirs."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Problem
from app.policy.canonical import equivalent, value_key
from app.policy.change import PlannedChange, change_to, unchanged
from app.policy.document import PolicyDocument, parse, parse_or_new
from app.policy.three_way import Clash, ThreeWayMerge


@dataclass(frozen=True)
class Conflict:
    """Why our change cannot be taken back by itself; a person decides, with both sides in sight."""

    clashes: tuple[Clash, ...]

    @property
    def problem(self) -> Problem:
        """The same as the Problem an operation ends with: `policy.undo_conflict`."""
        return Problem("policy.undo_conflict", statement=", ".join(clash.place for clash in self.clashes))


def plan_undo(before: str | None, ours: str | None, now: str | None) -> PlannedChange | Conflict:
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
    merge = ThreeWayMerge(parse_or_new(before).statements, parse_or_new(ours).statements, current.statements)
    statements = merge.run()
    members, clashes = _other_members(before, ours, base)
    if merge.clashes or clashes:
        return Conflict((*merge.clashes, *clashes))
    after = members.with_statements(statements)
    if not (after.statements or current.statements) or after.members == current.members:
        return unchanged(now)
    return change_to(now, current, after)


def plan_restore(target: str | None, now: str | None) -> PlannedChange:
    """What makes the policy say again what the recorded text `target` says; None deletes it.

    ECR may refuse it where a principal of that time exists no more: `findings.suspects` names the likely ones.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if equivalent(target, now):
        return unchanged(now)
    return change_to(now, parse_or_new(now), parse_or_new(target))


def _other_members(
    before: str | None, ours: str | None, base: PolicyDocument
) -> tuple[PolicyDocument, tuple[Clash, ...]]:
    """`base` with the members beside `Statement` as they were before us, where we had changed them."""
    if before is None or ours is None:
        return base, ()
    was, made = parse(before).members, parse(ours).members
    members = dict(base.members)
    clashes = []
    for key in dict.fromkeys((*was, *made)):
        texts = [value_key(side.get(key)) for side in (was, made, members)]
        if key == "Statement" or texts[0] in texts[1:]:
            continue
        if texts[1] != texts[2]:
            clashes.append(Clash(key, was, made, members))
        elif key in was:
            members[key] = was[key]
        else:
            del members[key]
    return PolicyDocument(members), tuple(clashes)
