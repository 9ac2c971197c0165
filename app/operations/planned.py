"""What an operation would do: the policy change and the AWS calls, by the same plans as the operation. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.aws.ports import ContainerService
from app.errors import Problem
from app.history.queries import Refusal
from app.inventory.circumstances import Circumstances
from app.operations.denials import denial_of
from app.operations.fingerprint import PLACEHOLDER, change_fingerprint
from app.operations.plans import Grantee, plan_of
from app.operations.pruning import DEAD_PRINCIPALS, Prunable, prunable
from app.operations.state import Kind
from app.policy.arns import same_form
from app.policy.change import PlannedChange
from app.policy.principals import principals_of
from app.policy.verdict import Verdict

_ABOUT_ACCESS = (Kind.GRANT, Kind.REPAIR, Kind.REVOKE)


@dataclass(frozen=True)
class AwsCall:
    """One call that will be made: the IAM action, and its resource."""

    action: str
    on: str


@dataclass(frozen=True)
class Planned:
    """An operation as it would run now.

    `activates`: the role must be activated first, so the principal in `change` is a placeholder. `seen` is the change's
    fingerprint; a request with it makes exactly this change or fails. For a prune: `pruned` are the principals that it
    removes, of those that are `prunable`. `refused`: why nothing will be written, as far as is known: an explicit Deny
    makes it useless, or ECR will refuse it because it names dead principals. If it concerns a role's access, `verdict`
    says whether the role can pull once that is written.
    """

    change: PlannedChange
    calls: tuple[AwsCall, ...]
    activates: bool
    seen: str
    prunable: Prunable = field(default_factory=Prunable)
    pruned: tuple[str, ...] = ()
    refused: Problem | None = None
    verdict: Verdict | None = None

    @property
    def afterwards(self) -> Verdict | None:
        """Whether the role can pull afterwards; None too where ECR will refuse the policy, which then stays as it is.

        A Deny refuses the role whether the policy is written or not.
        """
        return None if self.refused and self.refused.code == DEAD_PRINCIPALS else self.verdict


def plan_operation(
    kind: Kind,
    service: ContainerService,
    repository: str,
    text: str | None,
    operation_input: Mapping[str, Any] | None = None,
    *,
    refusal: Refusal | None = None,
    circumstances: Circumstances | None = None,
) -> Planned:
    """Return what `kind` would do to `repository`, whose policy is `text` now.

    `operation_input` is the operation's input, as in `start.Ask`; `refusal` is ECR's last refusal of a policy there,
    which a prune uses; `circumstances` decide besides the policy. Raises Problem as the plan does.
    """
    role = service.role.principal_arn
    activates = kind in (Kind.GRANT, Kind.REPAIR) and not service.role.ready
    if activates:
        role = PLACEHOLDER.format(region=service.region, service=service.name)
    known_circumstances = circumstances or Circumstances()
    subject = Grantee(service.region, service.name, role, service.general_principal_arn, known_circumstances)
    change = plan_of(kind, subject, operation_input or {}, refusal)(text)
    calls = _calls(kind, service, repository, change, activates=activates)
    verdict = known_circumstances.verdict(change.after, role) if role and kind in _ABOUT_ACCESS else None
    planned = Planned(change, calls, activates, change_fingerprint(change), verdict=verdict)
    if kind is not Kind.PRUNE:
        return replace(planned, refused=_refusal(change, service, repository))
    may_go, chosen = prunable(text, refusal), (operation_input or {}).get("principals")
    named = {same_form(principal.value) for principal in principals_of(text)}
    pruned = tuple(principal for principal in chosen or may_go.dead if same_form(principal) in named)
    return replace(planned, prunable=may_go, pruned=pruned)


def _refusal(change: PlannedChange, service: ContainerService, repository: str) -> Problem | None:
    """Return why the change will not be written, as far as the policies say."""
    refused = denial_of(change, (service.region, service.name, repository))
    dead = prunable(change.after).dead if change.needed and refused is None else ()
    return Problem(DEAD_PRINCIPALS, principals=", ".join(dead), repository=repository) if dead else refused


def _calls(
    kind: Kind, service: ContainerService, repository: str, change: PlannedChange, *, activates: bool
) -> tuple[AwsCall, ...]:
    calls = []
    if kind in (Kind.GRANT, Kind.REPAIR, Kind.REVOKE):
        calls.append(AwsCall("lightsail:GetContainerServices", service.name))
    if activates:
        calls.append(AwsCall("lightsail:UpdateContainerService", service.name))
        calls.append(AwsCall("lightsail:GetContainerServices", service.region))
    calls.append(AwsCall("ecr:GetRepositoryPolicy", repository))
    if change.needed:
        written = "ecr:DeleteRepositoryPolicy" if change.after is None else "ecr:SetRepositoryPolicy"
        calls.append(AwsCall(written, repository))
    calls.append(AwsCall("ecr:GetRepositoryPolicy", repository))
    return tuple(calls)
