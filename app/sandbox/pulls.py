"""Pulls: whether a container service gets an image of a private repository, in the steps of a real pull.

AWS gives no reason for a failed pull; only the control route shows the cause.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from app.sandbox.authorization import PULL_ACTIONS, decide
from app.sandbox.identity import Identity
from app.sandbox.images import readable_image, record_pull
from app.sandbox.manifests import IMAGE_CONFIGS, INDEXES, LINUX, children_of, platform_of
from app.sandbox.state import Image, Repository, Service, World

ECR_IMAGE = re.compile(
    r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?"
)
# ECR's other hosts, dual-stack ones and those of other partitions: whether Lightsail accepts them is not known. Hosts
# that would be ECR's and are none, and the node's own, answer nobody.
OTHER_ECR_IMAGE = re.compile(
    r"\d[\d-]*\.[^/]*\becr\b.*|(?:api\.|dkr\.)?ecr[.-][^/]*\.amazonaws\.com.*|localhost[:/].*", re.IGNORECASE
)


class Pull(NamedTuple):
    """The result of a pull: why it failed ("" if it did not), and the platform in the image's config."""

    cause: str = ""
    platform: str = LINUX


def pull(world: World, service: Service, image: str, now: float) -> Pull:
    """Return the result of the service's pull of an image; those of other registries succeed.

    Args:
        world: where repositories and policies are.
        service: whose role pulls.
        image: as the deployment names it.
        now: the time of the pull, in seconds since 1970.
    """
    match = ECR_IMAGE.fullmatch(image)
    if not match:
        return Pull("host") if OTHER_ECR_IMAGE.fullmatch(image) else Pull()
    account, region, name, tag, digest = match.groups()
    if cause := _obstacle(world, service, region, now):
        return Pull(cause)
    home = world.homes.get((account, region))
    repository = home.repositories.get(name) if home else None
    if repository is None:
        return Pull("repository")
    image_id = {"imageDigest": digest} if digest else {"imageTag": tag or "latest"}
    return _as_role(world, service, repository, image_id, now)


def _obstacle(world: World, service: Service, region: str, now: float) -> str:
    """Return what prevents the pull before ECR is called: another region, or a role that does not exist (yet)."""
    if region != service.region:
        return "region"
    puller = service.puller
    is_there = (
        puller and puller.is_active and now >= puller.shown_from and not world.principals.is_dead(puller.arn, now)
    )
    return "" if is_there else "role"


def _as_role(world: World, service: Service, repository: Repository, image_id: dict[str, str], now: float) -> Pull:
    caller = Identity(service.puller.arn if service.puller else "", is_temporary=True)
    manifest, layers = (decide(world, caller, action, repository, now) for action in PULL_ACTIONS)
    if not manifest.is_allowed:
        return Pull("policy")
    if not repository.is_key_usable:
        return Pull("key")
    outcome = _fetched(repository, image_id, now)
    return outcome if outcome.cause or layers.is_allowed else Pull("policy")


def _fetched(repository: Repository, image_id: dict[str, str], now: float) -> Pull:
    image = readable_image(repository, image_id, None, now)
    if image is None:
        return Pull("image")
    record_pull(image, now)
    if image.media_type not in INDEXES:
        return _unpacked(image)
    entry = next((each for each in children_of(json.loads(image.manifest)) if platform_of(each) == LINUX), None)
    if entry is None:
        return Pull("platform")
    child = readable_image(repository, {"imageDigest": entry.get("digest")}, None, now)
    if child is None:
        return Pull("image")
    record_pull(child, now)
    return _unpacked(child)


def _unpacked(image: Image) -> Pull:
    """Accept a single image whatever its platform, which matters when it runs; an artifact is not an image."""
    if image.artifact_media_type and image.artifact_media_type not in IMAGE_CONFIGS:
        return Pull("artifact")
    return Pull(platform=platform_of(json.loads(image.config)) or LINUX if image.config else LINUX)
