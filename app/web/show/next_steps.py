"""Fills Next steps: the image URI of a repository that was added, and the tags to choose from."""

from __future__ import annotations

from fastapi.concurrency import run_in_threadpool

from app.aws.ports import Image
from app.bootstrap import Services
from app.errors import Problem
from app.inventory import queries
from app.web.asking import ask
from app.web.pages_images import NextSteps

MOST_TAGS = 12


async def next_steps(services: Services, region: str, repository: str) -> NextSteps | None:
    """None for a repository that is not known; without tags where AWS does not tell them, or not soon."""
    uri = await run_in_threadpool(queries.repository_uri, services.db, services.connection, region, repository)
    if not uri:
        return None
    try:
        images = await ask(services, region, services.aws.repositories(region).list_images, repository)
    except Problem as problem:
        return NextSteps(repository, uri, problem=problem)
    return NextSteps(repository, uri, _tags(images))


def _tags(images: tuple[Image, ...]) -> tuple[str, ...]:
    return tuple(tag for image in images for tag in image.tags)[:MOST_TAGS]
