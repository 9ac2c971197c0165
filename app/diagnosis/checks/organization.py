"""Does a resource control policy of an AWS Organization deny the pull? It can't be read from a member account."""

from __future__ import annotations

from collections.abc import Mapping

from app.diagnosis.check_result import Certainty, Check, CheckResult, Found, Sentence, Status, caused, fine, not_reached
from app.diagnosis.facts import Facts, NotFound, not_private
from app.policy.layers import EXEMPTING_TAG

_BEFORE = (Check.SERVICE, Check.URI, Check.ROLE, Check.REPOSITORY, Check.POLICY, Check.REGISTRY, Check.IMAGE)


def check_organization(facts: Facts, outcomes: Mapping[Check, CheckResult]) -> CheckResult:
    """Return whether an organization's policy is the only remaining explanation of the denied pull.

    It is reported as a cause only if the pull was refused and every possible check is fine. Policies have no dates: unless
    access is recorded as given before the deployment, it is likelier that it was given after it, and this cause yields.
    """
    if outcome := not_private(facts):
        return outcome
    if facts.region_problem or isinstance(facts.service, NotFound):
        return not_reached()
    deployment = facts.deployment
    if facts.has_run:
        return fine("organization_pulled", version=deployment.version if deployment else 0)
    is_fine = all(outcomes[check].status is Status.FINE for check in _BEFORE)
    is_caused = any(outcome.status is Status.CAUSE for outcome in outcomes.values())
    if facts.was_canceled and is_fine and not is_caused and deployment is not None and facts.mended_at is None:
        params: dict[str, str | int] = {
            "repository": facts.uri.repository,
            "tag": EXEMPTING_TAG,
            "version": deployment.version,
        }
        evidence = (Sentence("evidence.canceled", params),)
        yields = not facts.had_access
        return caused(Found("organization.denied", params, evidence, Certainty.LIKELY, yields=yields))
    return CheckResult(Status.NOT_CHECKED, Sentence("not_checked.organization"))
