"""What an operation would do, before anybody asks for it: the policy change and the AWS calls, by the same plans. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.aws.ports import ContainerService
from app.operations import plans
from app.operations.fingerprint import fingerprint
from app.operations.plans import Plan, Subject
from app.operations.state import Kind
from app.policy.change import PolicyChange

# Stands for the ARN that AWS will give the role once it is active; nobody knows it before.
NOT_YET = (
    "arn:aws:iam::000000000000:role/amazon/lightsail/{region}/containers/{service}/private-repo-access/NOT-YET-KNOWN"
)


@dataclass(frozen=True)
class AwsCall:
    """One call that will be made: the IAM action, and what it is made on."""

    action: str
    on: str


@dataclass(frozen=True)
class Planned:
    """An operation as it would go now.

    `activates`: the role has to be switched on first, so the principal in `change` is `NOT_YET`. `seen` is the
    fingerprint of the policy that this was planned on; hand it back with the request, and it is done as shown or not.
    """

    change: PolicyChange
    calls: tuple[AwsCall, ...]
    activates: bool
    seen: str


def plan_operation(
    kind: Kind, service: ContainerService, repository: str, text: str | None, asked: Mapping[str, Any] | None = None
) -> Planned:
    """What `kind` would do to `repository`, whose policy is `text` now.

    `asked` is the operation's input, as `start.Ask` takes it. Raises Problem as the plan does.
    """
    role = service.role.principal_arn
    activates = kind in (Kind.GRANT, Kind.REPAIR) and not service.role.ready
    if activates:
        role = NOT_YET.format(region=service.region, service=service.name)
    subject = Subject(service.region, service.name, role, service.general_principal_arn)
    change = plan_of(kind, subject, asked or {})(text)
    return Planned(change, _calls(kind, service, repository, change, activates=activates), activates, fingerprint(text))


def plan_of(kind: Kind, subject: Subject, asked: Mapping[str, Any]) -> Plan:
    """The plan by which `kind` changes a policy."""
    if kind is Kind.REVOKE:
        return plans.revoking(subject)
    if kind is Kind.REPAIR:
        return plans.repairing(subject)
    if kind is Kind.RESTORE:
        return plans.restoring(asked["text"])
    if kind is Kind.UNDO:
        return plans.undoing(asked["before"], asked["after"])
    if kind is Kind.PRUNE:
        return plans.pruning(asked["principals"])
    return plans.granting(subject)


def _calls(
    kind: Kind, service: ContainerService, repository: str, change: PolicyChange, *, activates: bool
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
