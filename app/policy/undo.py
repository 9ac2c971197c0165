"""Plans how to take back a change of ours from a policy that others may have changed since. Their changes stay."""

from __future__ import annotations

from dataclasses import dataclass

from app.errors import Problem
from app.policy.canonical import equivalent, value_key
from app.policy.change import PlannedChange, change_to, unchanged
from app.policy.document import PolicyDocument, parse, parse_or_new
from app.policy.shared_statement import in_form_of, without_empty
from app.policy.three_way import Clash, ThreeWayMerge


@dataclass(frozen=True)
class Conflict:
    """Why our change cannot be taken back automatically; a person decides, seeing both sides."""

    clashes: tuple[Clash, ...]

    @property
    def problem(self) -> Problem:
        """Return it as the Problem that an operation ends with: `policy.undo_conflict`."""
        return Problem("policy.undo_conflict", statement=", ".join(clash.place for clash in self.clashes))


def plan_undo(before: str | None, ours: str | None, now: str | None) -> PlannedChange | Conflict:
    """Return what takes back only our change, from `before` to `ours`, in the current policy `now`.

    Statements that others added, changed or removed since stay unchanged; the part of our change that is already gone
    needs nothing. If they changed the same statement as we did, the answer is a Conflict.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if equivalent(now, before):
        return unchanged(now)
    if equivalent(now, ours):
        return plan_restore(before, now)
    current = parse_or_new(now)
    base = current if now is not None or before is None else parse(before).with_statements(())
    # What several services share now may have been a statement of each then, or the reverse.
    was, made = in_form_of(current.statements, *(parse_or_new(text).statements for text in (before, ours)))
    merge = ThreeWayMerge(was, made, current.statements)
    statements = without_empty(merge.run())
    members, clashes = _other_members(before, ours, base)
    if merge.clashes or clashes:
        return Conflict((*merge.clashes, *clashes))
    after = members.with_statements(statements)
    if not (after.statements or current.statements) or value_key(after.members) == value_key(current.members):
        return unchanged(now)
    return change_to(now, current, after)


def plan_restore(target: str | None, now: str | None) -> PlannedChange:
    """Return what makes the policy equal the recorded text `target` again; None deletes it.

    ECR may refuse it if a principal of that time no longer exists: `missing_principals.unfound` lists the likely ones.

    Raises:
        Problem: as `document.parse`, and `policy.too_long`.
    """
    if equivalent(target, now):
        return unchanged(now)
    return change_to(now, parse_or_new(now), parse_or_new(target))


def _other_members(
    before: str | None, ours: str | None, base: PolicyDocument
) -> tuple[PolicyDocument, tuple[Clash, ...]]:
    """Return `base` with the members beside `Statement` that we had changed as they were before."""
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
