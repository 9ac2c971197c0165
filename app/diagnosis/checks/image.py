"""Is there such a tag or digest, can it be pulled, and is it still the image that was deployed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from app.aws.pull_ports import ImageDetail
from app.diagnosis.check_result import Certainty, CheckResult, Found, Sentence, caused, fine, not_reached
from app.diagnosis.facts import Facts, Known, NotFound, not_checked, not_private
from app.diagnosis.image_uri import RegistryHost
from app.diagnosis.lifecycle import expiring_rule
from app.diagnosis.manifests import is_artifact
from app.diagnosis.nearest_tags import MOST_NAMES, nearest_tags, told


def check_image(facts: Facts) -> CheckResult:
    """Return whether the image can be pulled, as far as ECR's description of it shows."""
    if outcome := _stored(facts) or not_private(facts):
        return outcome
    if facts.region_problem or isinstance(facts.service, NotFound) or not facts.uri.repository:
        return not_reached()
    if facts.repository_missing or not facts.uri.names_image:
        return not_reached()
    if isinstance(facts.detail, NotFound):
        return caused(_missing(facts))
    if not isinstance(facts.detail, Known):
        return not_checked(facts.detail)
    detail = facts.detail.value
    cause = _unpullable(facts, detail) or _undecryptable(facts) or _moved(facts, detail)
    return caused(cause) if cause else fine("image", digest=short(detail.digest))


def _stored(facts: Facts) -> CheckResult | None:
    """Return whether an image that is stored in Lightsail is there; None for another, and for one that has run."""
    if facts.uri.registry is not RegistryHost.STORED or facts.has_run:
        return None
    if isinstance(facts.service, NotFound) or facts.region_problem:
        return not_reached()
    if not isinstance(facts.stored_images, Known):
        return not_checked(facts.stored_images)
    names = _newest_first(facts.stored_images.value)
    label = facts.image.rpartition(".")[0] + "."
    of_label = [name for name in names if name.startswith(label)]
    if facts.image in names or (of_label and facts.image == f"{label}latest"):
        return fine("stored", image=facts.image)
    nearest = (of_label or names)[:MOST_NAMES]
    params = {"image": facts.image, "service": facts.service_name, "suggested": nearest[0] if nearest else ""}
    return caused(Found("image.not_stored", params, told(nearest)))


def _newest_first(names: Sequence[str]) -> list[str]:
    """Return stored images (`:service.label.12`) by their number, the greatest first."""
    return sorted(
        names, key=lambda name: int(number) if (number := name.rpartition(".")[2]).isdecimal() else 0, reverse=True
    )


def short(digest: str) -> str:
    """Return a digest's first twelve digits, as people compare them."""
    return digest[: len("sha256:") + 12]


def _params(facts: Facts) -> dict[str, str | int]:
    return {
        "image": facts.uri.reference.lstrip(":"),
        "tag": facts.tag,
        "digest": facts.uri.digest,
        "repository": facts.uri.repository,
    }


def _unpullable(facts: Facts, detail: ImageDetail) -> Found | None:
    params = {**_params(facts), "digest": detail.digest}
    if detail.status == "ARCHIVED":
        return Found("image.archived", params, (Sentence("evidence.status", {"status": detail.status}),))
    if detail.status == "ACTIVATING":
        return Found("image.restoring", params, (Sentence("evidence.status", {"status": detail.status}),))
    if is_artifact(detail):
        kind = {"media_type": detail.artifact_type or detail.media_type}
        return Found("image.artifact", params | kind, (Sentence("evidence.media_type", kind),))
    return None


def _undecryptable(facts: Facts) -> Found | None:
    return (
        Found("image.kms_error", _params(facts), (Sentence("evidence.kms_error"),)) if facts.is_undecryptable else None
    )


def _moved(facts: Facts, detail: ImageDetail) -> Found | None:
    """Return the cause that the tag was pushed after the newest deployment pulled it, or None."""
    deployment, pushed = facts.deployment, facts.pushed_since
    if pushed is None or deployment is None or deployment.created_at is None:
        return None
    if deployment.state not in ("ACTIVE", "FAILED"):
        return None
    when: dict[str, str | int] = {
        "pushed": _time(pushed),
        "deployed": _time(deployment.created_at),
        "version": deployment.version,
    }
    evidence = (Sentence("evidence.moved", when),)
    return Found("image.moved", {**_params(facts), **when, "digest": detail.digest}, evidence, Certainty.LIKELY)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"  # the SDK returns local time


def _missing(facts: Facts) -> Found:
    images = facts.images.value if isinstance(facts.images, Known) else ()
    params = _params(facts)
    if facts.uri.digest:
        rule = _rule(facts, "")
        return _expired(params, rule) if rule else Found("image.digest_not_found", params)
    listed = next((image for image in images if facts.tag in image.tags), None)
    if listed is not None and (cause := _unpullable(facts, listed)):
        return cause
    nearest = nearest_tags(facts.tag, images)
    evidence = told(nearest)
    params["suggested"] = _with_tag(facts, nearest[0]) if nearest else ""
    if not facts.uri.tag:
        return Found("image.no_latest", params, evidence)
    if rule := _rule(facts, facts.tag):
        return _expired(params, rule, evidence)
    return Found("image.tag_not_found", params, evidence)


def _rule(facts: Facts, tag: str) -> str:
    return expiring_rule(facts.lifecycle.value, tag) if isinstance(facts.lifecycle, Known) else ""


def _expired(params: dict[str, str | int], rule: str, evidence: tuple[Sentence, ...] = ()) -> Found:
    said = Sentence("evidence.lifecycle", {"rule": rule})
    return Found("image.expired", params | {"rule": rule}, (said, *evidence), Certainty.LIKELY)


def _with_tag(facts: Facts, tag: str) -> str:
    return replace(facts.uri, tag=tag).uri(facts.registry_id, facts.region)
