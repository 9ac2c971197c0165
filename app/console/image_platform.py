"""The platform of an image, read on request alone: ECR records the reading of a manifest as a pull."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from app.aws.ports import Answered
from app.aws.pull_ports import ImageDetail, Manifest, PullReads
from app.bootstrap import Services
from app.console.timeouts import in_time
from app.diagnosis.manifests import child, config_digest, is_artifact, is_index, platform_of
from app.diagnosis.platforms import PlatformFit, fit_of
from app.errors import Problem

T = TypeVar("T")


@dataclass(frozen=True)
class ImagePlatform:
    """The platforms of an image, and whether Lightsail runs it. `reference` is its tag or digest as it was named."""

    repository: str
    reference: str
    digest: str
    fit: PlatformFit


async def read_platform(
    services: Services, region: str, repository: str, tag: str, digest: str, *, seconds: float
) -> ImagePlatform:
    """Return an image's platform, in at most four calls one after the other.

    Raises:
        Problem: `image.missing`, `image.archived`, `image.not_runnable`; or why AWS couldn't be read.
    """
    return await in_time(seconds, _Reader(services, region, repository).read(tag, digest))


@dataclass(frozen=True)
class _Reader:
    services: Services
    region: str
    repository: str

    async def read(self, tag: str, digest: str) -> ImagePlatform:
        shown = f"{self.repository}@{digest}" if digest else f"{self.repository}:{tag}"
        detail = await self._image(tag, digest)
        if detail is None:
            raise Problem("image.missing", image=shown, repository=self.repository)
        if detail.is_archived:
            raise Problem("image.archived", image=shown, repository=self.repository)
        if is_artifact(detail):
            raise Problem("image.not_runnable", image=shown, repository=self.repository)
        manifest = await self._ask(partial(self._reads.manifest, "", self.repository, digest=detail.digest))
        return ImagePlatform(self.repository, digest or tag, detail.digest, await self._fit(manifest))

    async def _fit(self, manifest: Manifest) -> PlatformFit:
        if is_index(manifest.media_type):
            own = child(manifest)
            image = await self._image("", own) if own else None
            return fit_of(manifest, child_missing=image is None or image.is_archived)
        config = config_digest(manifest)
        if not config:
            return fit_of(manifest)
        url = await self._ask(partial(self._reads.layer_url, "", self.repository, config))
        return fit_of(manifest, platform_of(await self._ask(partial(self._reads.image_config, url))))

    async def _image(self, tag: str, digest: str) -> ImageDetail | None:
        """The image; None if AWS says that there is none."""
        chosen = {"digest": digest} if digest else {"tag": tag}
        try:
            return await self._ask(partial(self._reads.image, "", self.repository, **chosen))
        except Problem as problem:
            if problem.code != "image.not_found":
                raise
            return None

    @property
    def _reads(self) -> PullReads:
        return self.services.aws.pull_reads(self.region)

    async def _ask(self, call: Callable[[], Answered[T]]) -> T:
        return (await self.services.calls.run(self.region, call)).value
