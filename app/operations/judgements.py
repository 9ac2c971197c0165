"""Whether a policy that was read after a change of ours has what was to be changed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.history.models import Operation
from app.inventory.circumstances import Circumstances
from app.inventory.registries import KnownRegistry
from app.operations import plans
from app.operations.denials import denied
from app.operations.messages import CONDITIONAL
from app.operations.plans import Grantee, Plan
from app.policy.canonical import equivalent
from app.policy.layers import Layer
from app.policy.verdict import Access


@dataclass(frozen=True)
class Judgement:
    """Whether the policy `holds` what was changed, with the note that says how; False: another's write removed it."""

    holds: bool
    note: str
    params: Mapping[str, str | int] = field(default_factory=dict)


GONE = Judgement(holds=False, note="policy.foreign_write")

Judge = Callable[[str | None, str | None], Judgement]
"""From the policy as it was read, and as it was written. Raises Problem where nothing that we write would help."""


def judging_access(
    operation: Operation, arn: str, circumstances: Circumstances, registry: KnownRegistry, now: datetime
) -> Judge:
    """Return the judge of a policy that is to allow the role. It raises `access.denied` where a Deny refuses it."""

    def judge(text: str | None, after: str | None) -> Judgement:
        verdict = circumstances.verdict(text, arn)
        if verdict.access is Access.NOT_ALLOWED:
            return GONE
        if verdict.access is Access.DENIED:
            by_registry = Layer.REPOSITORY not in verdict.layers
            statement = verdict.params["registry_statement" if by_registry else "statement"]
            target = (operation.region, operation.service, operation.repository)
            raise denied(target, str(statement), by_registry=by_registry)
        if verdict.access is Access.CONDITIONAL:
            return Judgement(holds=True, note=CONDITIONAL)
        return (
            _allowed(registry, now) if equivalent(text, after) else Judgement(holds=True, note="policy.foreign_write")
        )

    return judge


def _allowed(registry: KnownRegistry, now: datetime) -> Judgement:
    if registry.read_at is None:
        return Judgement(holds=True, note="access.allowed_unread")
    if registry.policy.text is None:
        return Judgement(holds=True, note="access.allowed")
    age = max(0, round((now - registry.read_at).total_seconds()))
    return Judgement(holds=True, note="access.not_denied_by_registry", params={"seconds": age})


def judging_removal(subject: Grantee) -> Judge:
    """Return the judge of a policy that is not to name the service any more."""

    def judge(text: str | None, after: str | None) -> Judgement:  # noqa: ARG001  (whatever else was changed since)
        if plans.revoking(subject)(text).needed:
            return GONE
        left = False
        if subject.principal_arn:
            verdict = subject.circumstances.verdict(text, subject.principal_arn)
            left = verdict.access in {Access.ALLOWED, Access.CONDITIONAL}
        return Judgement(holds=True, note="access.left" if left else "access.gone")

    return judge


def judging_text(plan: Plan) -> Judge:
    """Return the judge of a policy on which the plan is to change nothing any more."""

    def judge(text: str | None, after: str | None) -> Judgement:  # noqa: ARG001  (as above)
        return GONE if plan(text).needed else Judgement(holds=True, note="policy.as_written")

    return judge
