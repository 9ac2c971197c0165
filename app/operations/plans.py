"""How each kind of operation changes a repository's policy: one pure function from text to change.

The preview shows this change, the step writes it, the history records it, undo takes it back: one code path.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.history.queries import Refusal
from app.inventory.circumstances import Circumstances
from app.operations.pruning import prunable
from app.operations.state import Kind
from app.policy.arns import is_namesakes, service_of
from app.policy.change import PlannedChange
from app.policy.document import parse, parse_or_new
from app.policy.grant import plan_grant
from app.policy.principals import principals_of
from app.policy.revoke import plan_prune, plan_revoke
from app.policy.shared_statement import dead_in_shared
from app.policy.statement import named_by, orphan_of
from app.policy.undo import Conflict, plan_restore, plan_undo

Plan = Callable[[str | None], PlannedChange]


@dataclass(frozen=True)
class Grantee:
    """The service whose access changes. `principal_arn` is "" without a role, as when the service is deleted."""

    region: str
    service: str
    principal_arn: str
    general_arn: str = ""
    circumstances: Circumstances = field(default_factory=Circumstances)


def plan_of(kind: Kind, subject: Grantee, operation_input: Mapping[str, Any], refusal: Refusal | None = None) -> Plan:
    """Return the plan by which `kind` changes a policy; `refusal` is what ECR last refused there, for a prune."""
    if kind is Kind.REVOKE:
        return revoking(subject)
    if kind is Kind.REPAIR:
        return repairing(subject)
    if kind is Kind.RESTORE:
        return restoring(operation_input["text"])
    if kind is Kind.UNDO:
        return undoing(operation_input["before"], operation_input["after"])
    if kind is Kind.PRUNE:
        return pruning(operation_input.get("principals"), refusal)
    return granting(subject)


def granting(subject: Grantee) -> Plan:
    """Return the plan that lets the service's role pull."""
    return lambda text: _grant(text, subject)


def repairing(subject: Grantee) -> Plan:
    """Return the plan that lets the service's role pull and removes its principals that don't work, in one write."""

    def plan(text: str | None) -> PlannedChange:
        others = [arn for arn in named_for(text, subject) if arn != subject.principal_arn]
        # ECR refuses the policy while one is in it, and nobody can tell which service's it was.
        others += dead_in_shared(parse_or_new(text))
        return _grant(text, subject, replaces=others)

    return plan


def _grant(text: str | None, subject: Grantee, replaces: Collection[str] = ()) -> PlannedChange:
    return plan_grant(
        text,
        principal_arn=subject.principal_arn,
        service=subject.service,
        replaces=replaces,
        **vars(subject.circumstances),
    )


def revoking(subject: Grantee) -> Plan:
    """Return the plan that removes the service from the policy: its current role, earlier ones, or the wrong ARN."""
    return lambda text: plan_revoke(text, principals=named_for(text, subject), **vars(subject.circumstances))


def pruning(principals: Collection[str] | None, refusal: Refusal | None) -> Plan:
    """Return the plan that removes principals that no longer exist; all that are certainly dead if none are chosen.

    The plan raises Problem `policy.not_dead` for a chosen principal that may exist.
    """

    def plan(text: str | None) -> PlannedChange:
        may_go = prunable(text, refusal)
        return plan_prune(text, may_go.dead if principals is None else principals, refused=may_go.refused)

    return plan


def restoring(target: str | None) -> Plan:
    """Return the plan that restores a recorded policy text."""
    return lambda text: plan_restore(target, text)


def undoing(before: str | None, after: str | None) -> Plan:
    """Return the plan that takes back the change from `before` to `after`, and nothing that others changed since.

    The plan raises Problem `policy.undo_conflict` if others changed the same statement as we did.
    """

    def plan(text: str | None) -> PlannedChange:
        change = plan_undo(before, after, text)
        if isinstance(change, Conflict):
            raise change.problem
        return change

    return plan


def named_for(text: str | None, subject: Grantee) -> tuple[str, ...]:
    """Return every principal in the policy that belongs to this service, the role's own ARN first.

    Lightsail's role paths contain region and service. The ARNs of the service itself need no such guess, and show in
    which of Lightsail's own accounts the service's roles are: roles elsewhere belong to another service of the same
    name. A deleted role leaves only an id, which is recognized by the statement it is in.
    """
    arns = [arn for arn in (subject.principal_arn, subject.general_arn) if arn]
    if text is None:
        return tuple(arns)
    own = tuple(arns)
    for principal in principals_of(text):
        role = service_of(principal.value)
        if role is None or (role.region, role.service) != (subject.region, subject.service):
            continue
        if not is_namesakes(principal.value, own):
            arns.append(principal.value)
    for statement in parse(text).statements:
        if orphan_of(statement) == subject.service:
            arns += [value for _, value in named_by(statement)]
    return tuple(dict.fromkeys(arns))
