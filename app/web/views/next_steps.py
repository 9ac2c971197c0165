"""Next steps: the image URI of a repository that was added, and the tags to choose from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.bootstrap import Services
from app.console.freshness import is_slow
from app.console.repository_images import repository_tags
from app.console.timeouts import PATIENCE
from app.errors import Problem
from app.keys import RegionAndName
from app.web.views.base import View


@dataclass(frozen=True)
class NextSteps(View):
    """What to do with an added repository: `uri` without a tag, and its newest known tags.

    GET …/next-steps?added=… gives it alone, once more where AWS was slow.
    `problem` is what kept AWS from telling the tags. Not `whole`: not every image could be looked at, so that newer tags
    may be missing. `region` and `service` are where an image can be deployed.
    """

    page: ClassVar[str] = "partials/next_steps.html"
    partial: ClassVar[str] = "partials/next_steps.html"

    repository: str
    uri: str
    tags: tuple[str, ...] = ()
    problem: Problem | None = None
    whole: bool = True
    region: str = ""
    service: str = ""

    @property
    def slow(self) -> bool:
        """Whether AWS took too long."""
        return is_slow(self.problem)


async def next_steps(
    services: Services, region_and_name: RegionAndName, repository: str, patience: float = PATIENCE
) -> NextSteps | None:
    """None for a repository that is not known; without tags where AWS does not tell them, or not within `patience`."""
    tags = await repository_tags(services, region_and_name[0], repository, patience)
    if tags is None:
        return None
    return NextSteps(tags.repository, tags.uri, tags.tags, tags.problem, tags.whole, *region_and_name)
