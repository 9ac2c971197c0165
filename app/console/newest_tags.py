"""The newest tags of a repository, as AWS lists them now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from app.aws.ports import Image
from app.bootstrap import Services
from app.console.timeouts import PATIENCE, in_time
from app.errors import Problem
from app.inventory import queries
from app.threads import run_in_threadpool

MOST_TAGS = 12
# ECR gives a thousand images at once, in no order: the newest may stand on any page.
MOST_PAGES = 10
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class NewestTags:
    """A repository's `uri` without a tag, and its newest tags. `problem` is what kept AWS from telling them.

    Not `whole`: not every image could be looked at, so that newer tags may be missing.
    """

    repository: str
    uri: str
    tags: tuple[str, ...] = ()
    problem: Problem | None = None
    whole: bool = True


async def newest_tags(services: Services, region: str, repository: str, seconds: float = PATIENCE) -> NewestTags | None:
    """None for a repository that is not known; without tags where AWS does not tell them, or not within `seconds`."""
    uri = await run_in_threadpool(queries.repository_uri, services.db, services.connection, region, repository)
    if not uri:
        return None
    images: list[Image] = []
    try:
        whole = await in_time(seconds, _read(services, region, repository, images))
    except Problem as problem:
        if not images:
            return NewestTags(repository, uri, problem=problem)
        whole = False
    return NewestTags(repository, uri, await run_in_threadpool(_tags, images), whole=whole)


async def _read(services: Services, region: str, repository: str, images: list[Image]) -> bool:
    """Add to `images` what AWS tells, page by page: whether that is all. Raises Problem."""
    after = ""
    list_images = services.aws.repositories(region).list_images
    for _ in range(MOST_PAGES):
        page = (await services.calls.run(region, list_images, repository, after)).value
        images += page.images
        if not page.next:
            return True
        after = page.next
    return False


def _tags(images: Iterable[Image]) -> tuple[str, ...]:
    """The tags of the newest images."""
    newest_first = sorted(images, key=lambda image: image.pushed_at or _BEFORE_ALL, reverse=True)
    return tuple(islice((tag for image in newest_first for tag in image.tags), MOST_TAGS))
