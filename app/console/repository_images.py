"""A repository's images as AWS lists them now: tags, digest, size, when pushed and last pulled; and the newest tags."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from app.aws.pull_ports import ImageDetail, ImageDetailPage
from app.bootstrap import Services
from app.console.newest_tags import newest_of, read_pages
from app.console.timeouts import PATIENCE, in_time
from app.deployments.images import newest_runnable
from app.errors import Problem
from app.inventory import queries
from app.inventory.newest_images import remember_newest
from app.threads import run_in_threadpool

MOST_TAGS = 12


@dataclass(frozen=True)
class RepositoryImages:
    """The tagged images, newest first, archived ones too; without signatures, SBOMs and the like.

    Not `whole`: there may be more. `problem` is why AWS did not list them all.
    """

    images: tuple[ImageDetail, ...] = ()
    whole: bool = True
    problem: Problem | None = None


@dataclass(frozen=True)
class RepositoryTags:
    """A repository's `uri` without a tag, and the newest tags that can be pulled.

    `problem` is why AWS did not list them. Not `whole`: not every image could be read, so newer tags may be missing.
    """

    repository: str
    uri: str
    tags: tuple[str, ...] = ()
    problem: Problem | None = None
    whole: bool = True


async def repository_images(services: Services, region: str, name: str, seconds: float = PATIENCE) -> RepositoryImages:
    """Return the images that AWS lists within `seconds`."""
    images: list[ImageDetail] = []
    try:
        whole, problem = await in_time(seconds, _read(services, region, name, images)), None
    except Problem as refused:
        whole, problem = False, refused
    return RepositoryImages(await run_in_threadpool(newest_runnable, images), whole, problem)


async def repository_tags(
    services: Services, region: str, name: str, seconds: float = PATIENCE
) -> RepositoryTags | None:
    """Return the tags, none if AWS does not list them within `seconds`; None for a repository that is not known."""
    uri = await run_in_threadpool(queries.repository_uri, services.db, services.repository_key(region, name))
    if not uri:
        return None
    listed = await repository_images(services, region, name, seconds)
    if listed.problem is not None and not listed.images:
        return RepositoryTags(name, uri, problem=listed.problem)
    tags = tuple(islice((tag for image in listed.images if not image.is_archived for tag in image.tags), MOST_TAGS))
    return RepositoryTags(name, uri, tags, whole=listed.whole)


async def _read(services: Services, region: str, name: str, images: list[ImageDetail]) -> bool:
    """Add AWS's images to `images`, page by page; return whether those are all. Raises Problem."""
    at, images_page = services.clock.now(), services.aws.pull_reads(region).images_page

    async def ask(after: str) -> ImageDetailPage:
        return (await services.calls.run(region, images_page, "", name, after)).value

    whole = await read_pages(ask, images)
    newest = await run_in_threadpool(newest_of, images, whole=whole)
    await run_in_threadpool(remember_newest, services.db, services.repository_key(region, name), newest, at)
    return whole
