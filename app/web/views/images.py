"""The Images tab: which repositories a service can pull from, and its role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.access import RepositoryRow
from app.console.paging import NumberedPage, page_of
from app.console.service_repositories import ServiceRepositories, repositories_of_seen
from app.web import links
from app.web.views import frame
from app.web.views.base import View
from app.web.views.frame import ServiceFrame, Tab
from app.web.views.next_steps import NextSteps


@dataclass(frozen=True)
class ImagesPage(View):
    """GET /containers/{region}/{service}/images?added=…; polled (`partial`) while `frame.freshness.reading` or running."""

    page: ClassVar[str] = "pages/images.html"
    partial: ClassVar[str] = "partials/images_body.html"

    frame: ServiceFrame
    access: ServiceRepositories
    next_steps: NextSteps | None = None
    number: int = 1
    """Of the page of the list that is shown."""

    @property
    def listed(self) -> NumberedPage[RepositoryRow]:
        """The page of the list."""
        return page_of(self.access.repositories, self.number)

    def address(self, page: int) -> str:
        """The address of a page of the list."""
        return links.images(self.frame.region, self.frame.name, page=page)

    @property
    def polls(self) -> bool:
        """Whether something on this page may change without the reader."""
        return self.frame.freshness.reading or bool(self.access.running)


def images_page(  # noqa: PLR0917  (what the address names)
    services: Services, region: str, name: str, now: datetime, added: NextSteps | None, number: int
) -> ImagesPage:
    """Return the whole tab, from our own tables; old data is read again in the background."""
    head = frame.service_frame(services, region, name, Tab.IMAGES, now)
    return ImagesPage(head, repositories_of_seen(services, region, name, head.service), added, number)
