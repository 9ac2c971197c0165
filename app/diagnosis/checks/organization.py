"""Does a resource control policy of an AWS Organization deny the pull? It can't be read from a member account."""

from __future__ import annotations

from collections.abc import Mapping

from app.diagnosis.check_result import Certainty, Check, CheckResult, Found, Sentence, Status, caused, fine, not_reached
from app.diagnosis.facts import Facts, Known, NotFound, Refused, Unknown, not_private
from app.diagnosis.image_uri import ImageUri, parse_image
from app.policy.layers import EXEMPTING_TAG

_BEFORE = (Check.SERVICE, Check.URI, Check.ROLE, Check.REPOSITORY, Check.POLICY, Check.REGISTRY, Check.IMAGE)
_READ = (*_BEFORE, Check.PLATFORM, Check.SIZE)


def check_organization(facts: Facts, outcomes: Mapping[Check, CheckResult]) -> CheckResult:
    """Return whether an organization's policy is the only remaining explanation of the denied pull.

    It is reported as a cause only if the pull was refused and every possible check is fine. Policies have no dates:
    unless access is recorded as given before the deployment, or deploying again has been tried, it is likelier that
    access was given after the deployment, and this cause yields.
    """
    if outcome := not_private(facts):
        return outcome
    if facts.region_problem or isinstance(facts.service, NotFound):
        return not_reached()
    deployment = facts.deployment
    if facts.has_run:
        return fine("organization_pulled", version=deployment.version if deployment else 0)
    if pulled := _pulled_later(facts):
        return fine("organization_pulled", version=pulled)
    if deployment is None or facts.mended_at is not None or not is_refused_and_fine(facts, outcomes):
        return CheckResult(Status.NOT_CHECKED, Sentence("not_checked.organization"))
    params: dict[str, str | int] = {
        "repository": facts.uri.repository,
        "tag": EXEMPTING_TAG,
        "version": deployment.version,
    }
    evidence = (Sentence("evidence.canceled", params),)
    yields = not (facts.had_access or facts.was_tried_again)
    return caused(Found("organization.denied", params, evidence, Certainty.LIKELY, yields=yields))


def is_refused_and_fine(facts: Facts, outcomes: Mapping[Check, CheckResult]) -> bool:
    """Return whether the deployment's pull was refused, and all that can be read was read and allows it."""
    is_fine = all(outcomes[check].status is Status.FINE for check in _BEFORE)
    is_caused = any(outcome.status is Status.CAUSE for check, outcome in outcomes.items() if check in _READ)
    is_open = any(isinstance(reading, Refused | Unknown) for reading in (facts.manifest, facts.child, facts.platform))
    return facts.was_canceled and is_fine and not is_caused and not is_open


def _pulled_later(facts: Facts) -> int:
    """Return the version of a later deployment that has pulled from this repository, 0 for none."""
    if facts.failed is None or not isinstance(facts.deployments, Known):
        return 0
    for deployment in facts.deployments.value:
        uris = [parse_image(container.image) for container in deployment.containers]
        is_same = any(uri.is_private and _repository(uri) == _repository(facts.uri) for uri in uris)
        if is_same and deployment.version > facts.failed.version and deployment.state in ("ACTIVE", "INACTIVE"):
            return deployment.version
    return 0


def _repository(uri: ImageUri) -> tuple[str, str, str]:
    return uri.account, uri.region, uri.repository
