"""The Images tab: which repositories a service can pull from, and its role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.access import ServiceRepositories, service_repositories
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

    @property
    def polls(self) -> bool:
        """Something on this page is changing by itself."""
        return self.frame.freshness.reading or bool(self.access.running)


def images_page(services: Services, region: str, name: str, now: datetime, added: NextSteps | None) -> ImagesPage:
    """The whole tab, from our own tables; what is old is asked for behind it."""
    head = frame.service_frame(services, region, name, Tab.IMAGES, now)
    return ImagesPage(head, service_repositories(services, region, name), added)
