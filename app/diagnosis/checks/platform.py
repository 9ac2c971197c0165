"""Is the image for linux/amd64, the one platform that Lightsail runs?"""

from __future__ import annotations

from app.aws.pull_ports import Manifest
from app.diagnosis.facts import Facts, Known, NotFound, Reading, not_checked, not_private
from app.diagnosis.log_evidence import Reason
from app.diagnosis.manifests import RUNS, child, is_index, platforms
from app.diagnosis.outcome import Found, Outcome, Sentence, Status, caused, fine, not_reached


def check_platform(facts: Facts, image: Outcome) -> Outcome:
    """Return whether the image is for Lightsail's platform; `image` is what the image itself came to."""
    evidence = facts.log_evidence
    if evidence is not None and evidence.reason is Reason.EXEC_FORMAT:
        line = {"line": evidence.line}
        return caused(Found("platform.exec_format", {**_params(facts), **line}, (Sentence("evidence.log_line", line),)))
    if outcome := not_private(facts):
        return outcome
    if image.status is Status.NOT_REACHED or isinstance(facts.detail, NotFound):
        return not_reached()
    return _of_image(facts)


def _of_image(facts: Facts) -> Outcome:
    """By what shows it: that it has run, else its manifest."""
    started = facts.log_evidence is not None and facts.log_evidence.started
    if started or (facts.deployment is not None and facts.deployment.state == "ACTIVE"):
        return fine("platform_ran")
    if isinstance(facts.manifest, Known):
        return _of_manifest(facts, facts.manifest.value)
    return not_checked(facts.manifest) if isinstance(facts.detail, Known) else not_checked(facts.detail)


def _of_manifest(facts: Facts, manifest: Manifest) -> Outcome:
    if not is_index(manifest.media_type):
        return _of_config(facts, facts.platform)
    names = platforms(manifest)
    params = {**_params(facts), "platforms": ", ".join(names)}
    if not names:
        return caused(Found("platform.attestation_only", params, (Sentence("evidence.index_empty"),)))
    if RUNS not in names:
        return caused(Found("platform.index", params, (Sentence("evidence.platforms", params),)))
    if isinstance(facts.child, NotFound) or _is_archived(facts):
        digest = {"digest": child(manifest)}
        return caused(Found("platform.child_missing", {**params, **digest}, (Sentence("evidence.child", digest),)))
    return fine("platform", platforms=", ".join(names))


def _of_config(facts: Facts, platform: Reading[str]) -> Outcome:
    if not isinstance(platform, Known):
        return not_checked(platform)
    params = {**_params(facts), "platforms": platform.value}
    if platform.value and platform.value != RUNS:
        return caused(Found("platform.single", params, (Sentence("evidence.platforms", params),)))
    return fine("platform", platforms=platform.value or RUNS)


def _is_archived(facts: Facts) -> bool:
    return isinstance(facts.child, Known) and facts.child.value.status in ("ARCHIVED", "ACTIVATING")


def _params(facts: Facts) -> dict[str, str | int]:
    return {"image": facts.image, "repository": facts.uri.repository, "tag": facts.tag, "runs": RUNS}
