"""What decides on a pull beside services and repositories, as plain values: images, manifests, logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.aws.ports import Answered


@dataclass(frozen=True)
class ImageDetail:
    """One image as `DescribeImages` returns it. `size` in bytes, compressed; `status`: ACTIVE, ARCHIVED, ACTIVATING.

    `last_pulled_at` is what ECR recorded, to the day; None: never, or not recorded. `artifact_type` is the media type of
    its config (or its own artifact type), "" if ECR gives none. `subject` is the digest of the image that a signature or
    an SBOM is about. `restored_at`: when it was last restored from the archive.
    """

    digest: str
    tags: tuple[str, ...] = ()
    pushed_at: datetime | None = None
    size: int = 0
    media_type: str = ""
    artifact_type: str = ""
    subject: str = ""
    status: str = ""
    last_pulled_at: datetime | None = None
    restored_at: datetime | None = None

    @property
    def is_archived(self) -> bool:
        """It can't be pulled until it is restored."""
        return self.status not in ("", "ACTIVE")


@dataclass(frozen=True)
class ImageDetailPage:
    """Some images of a repository, in no order; `next` asks for those after them, "" when there are none."""

    images: tuple[ImageDetail, ...]
    next: str = ""


@dataclass(frozen=True)
class Manifest:
    """An image's manifest: its media type, and its JSON members."""

    media_type: str
    members: Mapping[str, Any]


@dataclass(frozen=True)
class LogLine:
    """One event of a container's log."""

    at: datetime | None
    text: str


@dataclass(frozen=True)
class LogPage:
    """Some events of a container's log, oldest first; `next` asks for those after them, "" when there are none."""

    lines: tuple[LogLine, ...]
    next: str = ""


@dataclass(frozen=True)
class LogRange:
    """What part of a container's log is read; None is open.

    Times include their whole second, and may include the next.
    `pattern` is AWS's `filterPattern`.
    """

    since: datetime | None = None
    until: datetime | None = None
    pattern: str = ""


class PullReads(Protocol):
    """Reads in one Region. `registry_id` "" is the caller's own registry. Every method raises Problem."""

    def repository_policy(self, registry_id: str, repository: str) -> Answered[str | None]:
        """Return the policy text, None if ECR says that there is none (ecr:GetRepositoryPolicy)."""

    def image(self, registry_id: str, repository: str, *, tag: str = "", digest: str = "") -> Answered[ImageDetail]:
        """Return one image (ecr:DescribeImages). Raises Problem `image.not_found`, `repository.not_found`."""

    def images(self, registry_id: str, repository: str) -> Answered[tuple[ImageDetail, ...]]:
        """Return up to 1,000 tagged images, archived ones too (ecr:DescribeImages, one page)."""

    def images_page(self, registry_id: str, repository: str, after: str = "") -> Answered[ImageDetailPage]:
        """Return as `images` does, with what asks for the next page; those of the next page with `after`."""

    def archived_images(self, registry_id: str, repository: str) -> Answered[tuple[ImageDetail, ...]]:
        """Return up to 1,000 archived images, those without a tag too (ecr:DescribeImages, one page)."""

    def lifecycle_policy(self, registry_id: str, repository: str) -> Answered[str | None]:
        """Return the lifecycle policy's text, None if there is none (ecr:GetLifecyclePolicy)."""

    def repository_names(self) -> Answered[tuple[str, ...]]:
        """Return up to 1,000 names of repositories (ecr:DescribeRepositories, one page)."""

    def container_log(
        self, service: str, container: str, since: datetime | None, pattern: str = ""
    ) -> Answered[tuple[LogLine, ...]]:
        """Return the first page of a container's log, oldest first (lightsail:GetContainerLog)."""

    def container_log_page(self, service: str, container: str, part: LogRange, after: str = "") -> Answered[LogPage]:
        """Return one page of a container's log, with what asks for the next; that page with `after`."""

    def stored_images(self, service: str) -> Answered[tuple[str, ...]]:
        """Return the names of the images that a service stores in Lightsail (lightsail:GetContainerImages)."""

    def manifest(self, registry_id: str, repository: str, *, tag: str = "", digest: str = "") -> Answered[Manifest]:
        """Return an image's manifest (ecr:BatchGetImage). ECR records this as a pull of the image.

        Raises Problem `image.not_found`, `repository.not_found`, `image.kms_error` (ECR can't decrypt it).
        """

    def layer_url(self, registry_id: str, repository: str, digest: str) -> Answered[str]:
        """Return the URL from which a layer or config can be downloaded for an hour (ecr:GetDownloadUrlForLayer)."""

    def image_config(self, url: str) -> Answered[Mapping[str, Any]]:
        """Return an image's config, from the URL that `layer_url` returned."""
