"""What each kind of operation makes of a repository's policy: one pure function from text to change. Pure.

The preview shows this change, the step writes it, the history keeps it, undo takes it back: one code path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from app.history.queries import Refusal
from app.inventory.circumstances import Circumstances
from app.operations.pruning import prunable
from app.policy.arns import is_namesakes
from app.policy.change import PlannedChange
from app.policy.document import parse
from app.policy.grant import plan_grant
from app.policy.principals import principals_of, service_of
from app.policy.revoke import plan_prune, plan_revoke
from app.policy.statement import named_by, orphan_of
from app.policy.undo import Conflict, plan_restore, plan_undo

Plan = Callable[[str | None], PlannedChange]


@dataclass(frozen=True)
class Subject:
    """Whose access it is about. `principal_arn` is "" where the role has none, as when the service is gone."""

    region: str
    service: str
    principal_arn: str
    general_arn: str = ""
    circumstances: Circumstances = field(default_factory=Circumstances)


def granting(subject: Subject) -> Plan:
    """Let the service's role pull."""
    return lambda text: _grant(text, subject)


def repairing(subject: Subject) -> Plan:
    """Let the service's role pull, and take out in the same write whatever stood for it and no longer works."""

    def plan(text: str | None) -> PlannedChange:
        others = [arn for arn in named_for(text, subject) if arn != subject.principal_arn]
        return _grant(text, subject, replaces=others)

    return plan


def _grant(text: str | None, subject: Subject, replaces: Collection[str] = ()) -> PlannedChange:
    return plan_grant(
        text,
        principal_arn=subject.principal_arn,
        service=subject.service,
        replaces=replaces,
        **vars(subject.circumstances),
    )


def revoking(subject: Subject) -> Plan:
    """Take the service out wherever the policy names it: by its role now, an earlier one, or the wrong ARN."""
    return lambda text: plan_revoke(text, principals=named_for(text, subject), **vars(subject.circumstances))


def pruning(principals: Collection[str] | None, refusal: Refusal | None) -> Plan:
    """Remove principals that no longer exist; all that are certainly dead where none are chosen.

    The plan raises Problem `policy.not_dead` for a chosen principal that may exist.
    """

    def plan(text: str | None) -> PlannedChange:
        may_go = prunable(text, refusal)
        return plan_prune(text, may_go.dead if principals is None else principals, refused=may_go.refused)

    return plan


def restoring(target: str | None) -> Plan:
    """Put a recorded policy text back as it was."""
    return lambda text: plan_restore(target, text)


def undoing(before: str | None, after: str | None) -> Plan:
    """Take back the change from `before` to `after`, and nothing of what others changed since.

    The plan raises Problem `policy.undo_conflict` where others changed the very statement that we had changed.
    """

    def plan(text: str | None) -> PlannedChange:
        change = plan_undo(before, after, text)
        if isinstance(change, Conflict):
            raise change.problem
        return change

    return plan


def named_for(text: str | None, subject: Subject) -> tuple[str, ...]:
    """Every principal in the policy that stands for this service, the role's own ARN first.

    Lightsail's role paths tell region and service; ARNs that we know from the service itself need no such guess, and
    tell in which account of its own Lightsail keeps the service's roles: those elsewhere are another's of the same name.
    Of a role that was deleted an id alone is left, which is known by the statement it stands in.
    """
    known = [arn for arn in (subject.principal_arn, subject.general_arn) if arn]
    if text is None:
        return tuple(known)
    own = tuple(known)
    for principal in principals_of(text):
        role = service_of(principal.value)
        if role is None or (role.region, role.service) != (subject.region, subject.service):
            continue
        if not is_namesakes(principal.value, own):
            known.append(principal.value)
    for statement in parse(text).statements:
        if orphan_of(statement) == subject.service:
            known += [value for _, value in named_by(statement)]
    return tuple(dict.fromkeys(known))
