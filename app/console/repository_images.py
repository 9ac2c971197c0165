"""A repository's images as AWS lists them now: tags, digest, size, when pushed and last pulled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from app.aws.ports import Image
from app.bootstrap import Services
from app.console.timeouts import PATIENCE, in_time
from app.errors import Problem

SHOWN = 100
# ECR gives up to a thousand images at once, in no order: the newest may stand on any page.
MOST_PAGES = 5
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class RepositoryImages:
    """The newest images that have tags. `total` counts all that were read; not `whole`: there are more.

    `problem` kept AWS from listing them, or all of them.
    """

    images: tuple[Image, ...] = ()
    total: int = 0
    whole: bool = True
    problem: Problem | None = None


async def repository_images(services: Services, region: str, name: str, seconds: float = PATIENCE) -> RepositoryImages:
    """Return the images, newest first; what could be read within `seconds`."""
    images: list[Image] = []
    try:
        whole, problem = await in_time(seconds, _read(services, region, name, images)), None
    except Problem as refused:
        whole, problem = False, refused
    newest = sorted(images, key=lambda image: image.pushed_at or _BEFORE_ALL, reverse=True)
    return RepositoryImages(tuple(newest[:SHOWN]), len(images), whole, problem)


async def _read(services: Services, region: str, name: str, images: list[Image]) -> bool:
    after = ""
    list_images = services.aws.repositories(region).list_images
    for _ in range(MOST_PAGES):
        page = (await services.calls.run(region, list_images, name, after)).value
        images += page.images
        if not page.next:
            return True
        after = page.next
    return False
