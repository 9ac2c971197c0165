"""Is the image for linux/amd64, the one platform that Lightsail runs?"""

from __future__ import annotations

from app.aws.pull_ports import Manifest
from app.diagnosis.check_result import CheckResult, Found, Sentence, Status, caused, fine, not_reached
from app.diagnosis.facts import Facts, Known, NotFound, NotRead, Reading, not_checked, not_private
from app.diagnosis.log_evidence import Reason
from app.diagnosis.manifests import RUNS, child, config_digest, is_index
from app.diagnosis.platforms import Fit, fit_of


def check_platform(facts: Facts, image: CheckResult) -> CheckResult:
    """Return whether the image is for Lightsail's platform; `image` is the outcome of the image check."""
    evidence = facts.log_evidence
    if evidence is not None and evidence.reason is Reason.EXEC_FORMAT:
        line = {"line": evidence.line}
        return caused(Found("platform.exec_format", {**_params(facts), **line}, (Sentence("evidence.log_line", line),)))
    if outcome := not_private(facts):
        return outcome
    if image.status is Status.NOT_REACHED or isinstance(facts.detail, NotFound) or facts.is_undecryptable:
        return not_reached()
    if image.status is Status.CAUSE and isinstance(facts.manifest, NotFound):  # that of an archived image can't be read
        return not_reached()
    return _of_image(facts)


def _of_image(facts: Facts) -> CheckResult:
    """Return the platform's outcome: fine if the image that is named now has run, else by its manifest."""
    started = facts.log_evidence is not None and facts.log_evidence.started
    ran = started or (facts.deployment is not None and facts.deployment.state == "ACTIVE")
    if ran and not facts.pushed_since:
        return fine("platform_ran")
    if isinstance(facts.manifest, Known):
        return _of_manifest(facts, facts.manifest.value)
    return not_checked(facts.manifest) if isinstance(facts.detail, Known) else not_checked(facts.detail)


def _of_manifest(facts: Facts, manifest: Manifest) -> CheckResult:
    is_single = not is_index(manifest.media_type)
    if is_single and config_digest(manifest) and not isinstance(facts.platform, Known):
        return _without_config(facts.platform)
    config = facts.platform.value if isinstance(facts.platform, Known) else None
    child_missing = isinstance(facts.child, NotFound) or _is_archived(facts)
    fit = fit_of(manifest, config, child_missing=child_missing)
    names = ", ".join(fit.platforms)
    if fit.fit is Fit.RUNS:
        return fine("platform", platforms=names)
    if fit.fit is Fit.UNKNOWN:
        return CheckResult(Status.NOT_CHECKED, Sentence("not_checked.no_platform", {"image": facts.image}))
    params = {**_params(facts), "platforms": names}
    if fit.fit is Fit.ATTESTATIONS_ONLY:
        evidence = Sentence("evidence.platforms", params) if is_single else Sentence("evidence.index_empty")
        return caused(Found("platform.attestation_only", params, (evidence,)))
    if fit.fit is Fit.IMAGE_MISSING:
        digest = {"digest": child(manifest)}
        return caused(Found("platform.child_missing", {**params, **digest}, (Sentence("evidence.child", digest),)))
    code = "platform.index" if fit.fit is Fit.NOT_IN_INDEX else "platform.single"
    return caused(Found(code, params, (Sentence("evidence.platforms", params),)))


def _without_config(platform: Reading[str]) -> CheckResult:
    if isinstance(platform, NotRead):
        return CheckResult(Status.NOT_CHECKED, Sentence("not_checked.no_config"))
    return not_checked(platform)


def _is_archived(facts: Facts) -> bool:
    return isinstance(facts.child, Known) and facts.child.value.status in ("ARCHIVED", "ACTIVATING")


def _params(facts: Facts) -> dict[str, str | int]:
    return {"image": facts.image, "repository": facts.uri.repository, "tag": facts.tag, "runs": RUNS}
