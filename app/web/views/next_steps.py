"""Next steps: the image URI of a repository that was added, and the tags to choose from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import ClassVar

from app.aws.ports import Image
from app.bootstrap import Services
from app.console.freshness import is_slow
from app.console.timeouts import PATIENCE, in_time
from app.errors import Problem
from app.inventory import queries
from app.threads import run_in_threadpool
from app.web.views.base import View


@dataclass(frozen=True)
class NextSteps(View):
    """What to do with a repository that was added: `uri` without a tag, and the newest tags known of it.

    GET …/next-steps?added=… gives it alone, once more where AWS was slow.
    `problem` is what kept AWS from telling the tags. Not `whole`: not every image could be looked at, so that newer tags
    may be missing.
    """

    page: ClassVar[str] = "partials/next_steps.html"
    partial: ClassVar[str] = "partials/next_steps.html"

    repository: str
    uri: str
    tags: tuple[str, ...] = ()
    problem: Problem | None = None
    whole: bool = True

    @property
    def slow(self) -> bool:
        """AWS kept the page waiting."""
        return is_slow(self.problem)


MOST_TAGS = 12
# ECR gives a thousand images at once, in no order: the newest may stand on any page.
MOST_PAGES = 10
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


async def next_steps(services: Services, region: str, repository: str, patience: float = PATIENCE) -> NextSteps | None:
    """None for a repository that is not known; without tags where AWS does not tell them, or not within `patience`."""
    uri = await run_in_threadpool(queries.repository_uri, services.db, services.connection, region, repository)
    if not uri:
        return None
    images: list[Image] = []
    try:
        whole = await in_time(patience, _read(services, region, repository, images))
    except Problem as problem:
        if not images:
            return NextSteps(repository, uri, problem=problem)
        whole = False
    return NextSteps(repository, uri, await run_in_threadpool(_tags, images), whole=whole)


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
