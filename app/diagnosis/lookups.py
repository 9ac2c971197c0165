"""Decides what else to read once something is missing or has failed, and turns results into facts. Calls nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from app.aws.ports import Answered, ContainerService, Deployment
from app.aws.pull_ports import ImageDetail, LogLine
from app.diagnosis.diagnosis import diagnose, explains
from app.diagnosis.facts import Facts, Known, NotFound, NotRead, Reading
from app.diagnosis.image_uri import RegistryHost
from app.diagnosis.log_evidence import Reason
from app.diagnosis.manifests import child, config_digest, is_artifact, is_index, platform_of
from app.diagnosis.masking import mask_values

if TYPE_CHECKING:
    from app.diagnosis.reader import ReadsAws

Key: TypeAlias = tuple[int, str]
Read: TypeAlias = Callable[[], Answered[Any]]
Reads: TypeAlias = dict[Key, tuple[str, Read]]
"""Reads by key, each with the Region that it is made in."""

MOST_REGIONS: Final = 5
# Fewer lines of a log than these are all: how many AWS returns at once isn't published.
SHORTEST_PAGE: Final = 50
ELSEWHERE: Final = "in:"
# The Regions most used, for settings that name no other Region.
USUAL_REGIONS: Final = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1", "us-east-2")


def of_service(facts: Facts, regions: Sequence[str], aws: ReadsAws) -> Reads:
    """Return the reads that look for a missing service in other Regions."""
    others = _other_regions(facts.region, regions, aws.regions())
    return {
        (0, ELSEWHERE + other): (other, partial(aws.services(other).get_service, facts.service_name))
        for other in others
    }


def needs_image(facts: Facts) -> bool:
    """Return whether policy and description of the image are still to be read."""
    return bool(facts.uri.repository) and isinstance(facts.policy, NotRead)


def is_explained(facts: Sequence[Facts]) -> bool:
    """Return whether the facts so far explain the failure, of any container."""
    return any(explains(diagnose(each)) for each in facts)


def needs_manifest(facts: Facts, *, on_request: bool, explained: bool, number: int) -> bool:
    """Return whether the manifest is to be read now: a person requested it, or nothing else explains a failed pull.

    Args:
        facts: what is known so far.
        on_request: whether the platform was requested.
        explained: whether the failure is explained already.
        number: of the next round, from 1.
    """
    if not isinstance(facts.manifest, NotRead) or not facts.uri.is_private or not facts.uri.repository:
        return False
    if on_request:
        return isinstance(facts.detail, NotRead | Known)
    if number == 2 or explained or not isinstance(facts.detail, Known) or is_artifact(facts.detail.value):
        return False
    return facts.was_canceled or (facts.failed is not None and not isinstance(facts.log, Known))


def needs_telling_lines(facts: Facts) -> bool:
    """Return whether a container's log is longer than what was read of it, which shows no reason."""
    evidence = facts.log_evidence
    if evidence is None or evidence.reason is not Reason.QUIET or not isinstance(facts.log, Known):
        return False
    return len(facts.log.value) >= SHORTEST_PAGE


def of_image(index: int, facts: Facts, regions: Sequence[str], aws: ReadsAws) -> Reads:
    """Return the reads that explain what is missing, and those that a manifest leads to."""
    if facts.uri.registry is RegistryHost.STORED:
        return _of_stored(index, facts, aws) if isinstance(facts.stored_images, NotRead) else {}
    if facts.repository_missing:
        return _of_repository(index, facts, regions, aws) if isinstance(facts.repositories, NotRead) else {}
    if facts.is_hidden and isinstance(facts.repositories, NotRead):
        return {(index, "repositories"): (facts.region, aws.pull_reads(facts.region).repository_names)}
    if isinstance(facts.detail, NotFound) and isinstance(facts.images, NotRead):
        return _of_tag(index, facts, aws)
    if facts.uri.lacks_tag and facts.uri.repository and isinstance(facts.images, NotRead):
        return {(index, "images"): _images(facts, aws)}
    return _of_manifest(index, facts, aws)


def _images(facts: Facts, aws: ReadsAws) -> tuple[str, Read]:
    return facts.region, partial(aws.pull_reads(facts.region).images, facts.registry_id, facts.uri.repository)


def _of_repository(index: int, facts: Facts, regions: Sequence[str], aws: ReadsAws) -> Reads:
    own = not facts.account or facts.registry_id == facts.account
    if not own:
        return {}
    name = facts.uri.repository
    others = _other_regions(facts.region, regions, aws.regions()) if index == 0 else ()
    pulls = aws.pull_reads(facts.region)
    return {
        (index, "repositories"): (facts.region, pulls.repository_names),
        **{
            (index, ELSEWHERE + other): (other, partial(aws.repositories(other).get_repository, name))
            for other in others
        },
    }


def _of_stored(index: int, facts: Facts, aws: ReadsAws) -> Reads:
    read = partial(aws.pull_reads(facts.region).stored_images, facts.service_name)
    return {} if facts.has_run else {(index, "stored_images"): (facts.region, read)}


def _of_tag(index: int, facts: Facts, aws: ReadsAws) -> Reads:
    pulls, registry, name = aws.pull_reads(facts.region), facts.registry_id, facts.uri.repository
    return {
        (index, "images"): _images(facts, aws),
        (index, "lifecycle"): (facts.region, partial(pulls.lifecycle_policy, registry, name)),
    }


def _of_manifest(index: int, facts: Facts, aws: ReadsAws) -> Reads:
    """Return the reads that a manifest leads to: the index's own image, or the config, whose URL is read first."""
    if not isinstance(facts.manifest, Known):
        return {}
    pulls, registry, name = aws.pull_reads(facts.region), facts.registry_id, facts.uri.repository
    manifest = facts.manifest.value
    reads: Reads = {}
    digest, config = child(manifest), config_digest(manifest)
    if is_index(manifest.media_type):
        if digest and isinstance(facts.child, NotRead):
            reads[index, "child"] = (facts.region, partial(pulls.image, registry, name, digest=digest))
    elif isinstance(facts.config_url, Known):
        if isinstance(facts.platform, NotRead):
            reads[index, "config"] = (facts.region, partial(pulls.image_config, facts.config_url.value))
    elif config and isinstance(facts.config_url, NotRead):
        reads[index, "config_url"] = (facts.region, partial(pulls.layer_url, registry, name, config))
    return reads


def _other_regions(region: str, named: Sequence[str], offered: Sequence[str]) -> tuple[str, ...]:
    regions = dict.fromkeys((*named, *USUAL_REGIONS))
    return tuple(other for other in regions if other != region and other in offered)[:MOST_REGIONS]


def own_service(
    reading: Reading[tuple[ContainerService, ...]], name: str
) -> tuple[Reading[ContainerService], tuple[str, ...]]:
    """Return the service of that name, and the names of all, from the Region's list."""
    if not isinstance(reading, Known):
        return reading, ()
    names = tuple(service.name for service in reading.value)
    service = next((service for service in reading.value if service.name == name), None)
    return (NotFound("service.not_found") if service is None else Known(service)), names


def deployments_of(
    reading: Reading[tuple[Deployment, ...]], service: Reading[ContainerService]
) -> Reading[tuple[Deployment, ...]]:
    """Return the deployments, newest first; those in the service itself if the list could not be read."""
    if isinstance(reading, Known | NotFound) or not isinstance(service, Known):
        return reading
    shown = (service.value.next_deployment, service.value.current_deployment)
    by_version = {deployment.version: deployment for deployment in shown if deployment is not None}
    return Known(tuple(by_version[version] for version in sorted(by_version, reverse=True))) if by_version else reading


def learnt(facts: Facts, own: Mapping[str, Reading[Any]], values: Iterable[str]) -> Facts:
    """Return the facts with what a round read about their image.

    Args:
        facts: those before.
        own: the results about this image, by the read's name.
        values: those of environment variables, which are removed from the log.
    """
    changes: dict[str, Reading[Any]] = {name: own[name] for name in _FIELDS if name in own}
    if "config" in own:
        config = own["config"]
        changes["platform"] = Known(platform_of(config.value)) if isinstance(config, Known) else config
    elif "config_url" in own and not isinstance(own["config_url"], Known):
        changes["platform"] = own["config_url"]
    if archived := _archived_child(own):
        changes["child"] = archived
    if "log" in own:
        changes["log"] = _log(own["log"], own.get("own_log", NotRead()), tuple(values))
    elif "telling_lines" in own and isinstance(facts.log, Known):
        changes["log"] = _log(facts.log, own["telling_lines"], tuple(values))
    return replace(facts, **changes) if changes else facts  # type: ignore[arg-type]


def _archived_child(own: Mapping[str, Reading[Any]]) -> Reading[ImageDetail] | None:
    """Return the index's own image if it is among the archived images that were read with the manifest, else None."""
    archived, manifest = own.get("archived"), own.get("manifest")
    if not isinstance(archived, Known) or not isinstance(manifest, Known):
        return None
    digest = child(manifest.value)
    return next((Known(image) for image in archived.value if image.digest == digest), None)


_FIELDS: Final = (
    "policy",
    "detail",
    "images",
    "lifecycle",
    "repositories",
    "stored_images",
    "manifest",
    "child",
    "config_url",
)


def found_elsewhere(results: Mapping[Key, Reading[Any]]) -> tuple[str, ...]:
    """Return the other Regions in which a round has found what is missing."""
    matches = (
        name for (_, name), reading in results.items() if name.startswith(ELSEWHERE) and isinstance(reading, Known)
    )
    return tuple(name.removeprefix(ELSEWHERE) for name in matches)


def _log(
    log: Reading[tuple[LogLine, ...]], own: Reading[tuple[LogLine, ...]], values: tuple[str, ...]
) -> Reading[tuple[LogLine, ...]]:
    """Return the container's lines with Lightsail's own among them, and without the values of variables."""
    if isinstance(log, NotFound):
        return Known(())
    if not isinstance(log, Known):
        return log
    more = [line for line in own.value if line not in log.value] if isinstance(own, Known) else []
    lines = [*log.value, *more]
    if more:
        lines.sort(key=lambda line: line.at.timestamp() if line.at else 0)
    texts = mask_values([line.text for line in lines], values)
    return Known(tuple(LogLine(line.at, text) for line, text in zip(lines, texts, strict=True)))
