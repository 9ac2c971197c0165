"""`pull_ports.PullReads` in memory: images and policies as `tests.fakes` holds them; no logs, and no manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.aws.ports import Answered
from app.aws.pull_ports import ImageDetail, ImageDetailPage, LogLine, Manifest
from app.errors import Problem

if TYPE_CHECKING:
    from tests.fakes import FakeAws


@dataclass(frozen=True)
class FakePullReads:
    aws: FakeAws
    region: str

    def repository_policy(self, registry_id: str, repository: str) -> Answered[str | None]:
        return self.aws.repositories(self.region).get_policy(repository)

    def image(self, registry_id: str, repository: str, *, tag: str = "", digest: str = "") -> Answered[ImageDetail]:
        for image in self.images(registry_id, repository).value:
            if digest in ("", image.digest) and (not tag or tag in image.tags):
                return Answered(image, "request")
        raise Problem("image.not_found", repository=repository)

    def images(self, registry_id: str, repository: str) -> Answered[tuple[ImageDetail, ...]]:
        page = self.images_page(registry_id, repository)
        return Answered(page.value.images, page.request_id)

    def images_page(self, registry_id: str, repository: str, after: str = "") -> Answered[ImageDetailPage]:
        page = self.aws.repositories(self.region).list_images(repository, after)
        details = (ImageDetail(each.digest, each.tags, each.pushed_at, each.size) for each in page.value.images)
        return Answered(ImageDetailPage(tuple(details), page.value.next), page.request_id)

    def lifecycle_policy(self, registry_id: str, repository: str) -> Answered[str | None]:
        return Answered(None, "request")

    def repository_names(self) -> Answered[tuple[str, ...]]:
        answered = self.aws.repositories(self.region).list_repositories()
        return Answered(tuple(each.name for each in answered.value), answered.request_id)

    def container_log(
        self, service: str, container: str, since: datetime | None, pattern: str = ""
    ) -> Answered[tuple[LogLine, ...]]:
        return Answered((), "request")

    def manifest(self, registry_id: str, repository: str, *, tag: str = "", digest: str = "") -> Answered[Manifest]:
        raise Problem("image.not_found", repository=repository)

    def layer_url(self, registry_id: str, repository: str, digest: str) -> Answered[str]:
        raise Problem("image.not_found", repository=repository)

    def image_config(self, url: str) -> Answered[Mapping[str, Any]]:
        raise Problem("image.not_found", repository=url)
