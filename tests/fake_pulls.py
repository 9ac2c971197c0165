"""`pull_ports.PullReads` in memory: images and policies as `tests.fakes` holds them; no logs, and no manifests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from app.aws.ports import Answered
from app.aws.pull_ports import ImageDetail, ImageDetailPage, LogLine, LogPage, LogRange, Manifest
from app.errors import Problem

if TYPE_CHECKING:
    from tests.fakes import FakeAws

IMAGES_AT_ONCE = 1_000


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
        with self.aws.lock:
            request_id = self.aws.called("ecr:DescribeImages", self.region)
            known = self.aws.known_repositories.get((self.region, repository))
            if known is None:
                raise Problem("repository.not_found", request_id=request_id, repository=repository)
            tagged = sorted((image for image in known.images if image.tags), key=lambda image: image.digest)
            left = [image for image in tagged if image.digest > after]
            shown = left[:IMAGES_AT_ONCE]
            more = shown[-1].digest if len(left) > len(shown) else ""
            return Answered(ImageDetailPage(tuple(shown), more), request_id)

    def archived_images(self, registry_id: str, repository: str) -> Answered[tuple[ImageDetail, ...]]:
        return Answered((), "request")

    def lifecycle_policy(self, registry_id: str, repository: str) -> Answered[str | None]:
        return Answered(None, "request")

    def repository_names(self) -> Answered[tuple[str, ...]]:
        answered = self.aws.repositories(self.region).list_repositories()
        return Answered(tuple(each.name for each in answered.value), answered.request_id)

    def container_log(
        self, service: str, container: str, since: datetime | None, pattern: str = ""
    ) -> Answered[tuple[LogLine, ...]]:
        return Answered((), "request")

    def container_log_page(self, service: str, container: str, part: LogRange, after: str = "") -> Answered[LogPage]:
        return Answered(LogPage(()), "request")

    def manifest(self, registry_id: str, repository: str, *, tag: str = "", digest: str = "") -> Answered[Manifest]:
        raise Problem("image.not_found", repository=repository)

    def layer_url(self, registry_id: str, repository: str, digest: str) -> Answered[str]:
        raise Problem("image.not_found", repository=repository)

    def image_config(self, url: str) -> Answered[Mapping[str, Any]]:
        raise Problem("image.not_found", repository=url)
