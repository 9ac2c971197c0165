"""A repository's page, and its images, which are read when they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.aws.pull_ports import ImageDetail
from app.bootstrap import Services
from app.console.freshness import is_slow
from app.console.repository_detail import RepositoryDetail, repository_detail
from app.console.repository_images import RepositoryImages
from app.errors import Problem
from app.history.search import HistoryFilter, list_operations
from app.operations.progress import Progress
from app.operations.read import outline_of
from app.web.views.base import View

OPERATIONS_SHOWN = 10
IMAGES_SHOWN = 100


@dataclass(frozen=True)
class RepositoryPage(View):
    """GET /repositories/{region}/{name}; `partial` once more where AWS was slow."""

    page: ClassVar[str] = "pages/repository.html"
    partial: ClassVar[str] = "partials/repository_body.html"

    detail: RepositoryDetail
    operations: tuple[Progress, ...]
    now: datetime

    @property
    def slow(self) -> bool:
        """AWS kept the page waiting."""
        return is_slow(self.detail.problem)


@dataclass(frozen=True)
class RepositoryImagesPage(View):
    """GET /repositories/{region}/{name}?part=images; the page alone is for readers without scripts."""

    page: ClassVar[str] = "pages/repository_images.html"
    partial: ClassVar[str] = "partials/repository_images.html"

    region: str
    name: str
    answer: RepositoryImages
    now: datetime

    @property
    def shown(self) -> tuple[ImageDetail, ...]:
        """The newest images, as many as a page shows."""
        return self.answer.images[:IMAGES_SHOWN]


def repository_page(
    services: Services, region: str, name: str, *, now: datetime, problem: Problem | None
) -> RepositoryPage:
    """Return the repository with its last operations. Raises Problem as `repository_detail`."""
    detail = repository_detail(services, region, name, now=now, problem=problem)
    criteria = HistoryFilter(connection=services.connection, region=region, of_repository=name)
    recent = list_operations(services.db, criteria, limit=OPERATIONS_SHOWN, whole=False)
    return RepositoryPage(detail, tuple(map(outline_of, recent.operations)), now)
