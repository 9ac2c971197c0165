"""The images of a repository that can be deployed: newest first, without signatures, SBOMs and attestations. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from app.aws.ports import ContainerService
from app.aws.pull_ports import ImageDetail
from app.diagnosis.image_uri import parse_image
from app.diagnosis.manifests import is_artifact, is_index

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class DeployableImage:
    """One image to choose. `size` in bytes, compressed; of an index, that of its largest image.

    `is_index`: it holds images of several platforms. The platform of a single image is in its config, which is read
    only by a diagnosis: reading it counts as a pull.
    """

    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime | None
    size: int
    is_index: bool
    is_archived: bool


def newest_runnable(details: Iterable[ImageDetail]) -> tuple[ImageDetail, ...]:
    """Return the tagged images that a container can run, archived ones too, newest first."""
    runnable = (each for each in details if each.tags and not is_artifact(each))
    return tuple(sorted(runnable, key=lambda image: (image.pushed_at or _NEVER, image.digest), reverse=True))


def deployable(image: ImageDetail) -> DeployableImage:
    """Return an image as a choice."""
    return DeployableImage(
        image.digest,
        tuple(sorted(image.tags)),
        image.pushed_at,
        image.size,
        is_index(image.media_type),
        image.is_archived,
    )


def digests_that_run(images: Iterable[DeployableImage], repository: str, service: ContainerService) -> frozenset[str]:
    """Return the digests of a repository's images that a service's active deployment runs.

    The repository is of the service's own account and Region. A tag counts only if it wasn't pushed again since.
    """
    deployment = service.current_deployment
    if deployment is None or deployment.state != "ACTIVE" or deployment.created_at is None:
        return frozenset()
    named = (parse_image(each.image) for each in deployment.containers)
    own = (service.account, service.region, repository)
    running = [uri for uri in named if uri.is_private and (uri.account, uri.region, uri.repository) == own]
    digests = {uri.digest for uri in running if uri.digest}
    tags = {uri.tag or "latest" for uri in running if not uri.digest}
    since = deployment.created_at
    return frozenset(
        image.digest
        for image in images
        if image.digest in digests or (image.pushed_at and image.pushed_at <= since and tags.intersection(image.tags))
    )


def image_uri(account: str, region: str, repository: str, reference: str) -> str:
    """Return an image's URI; `reference` is `:tag`, `@digest` or ""."""
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}{reference}"
