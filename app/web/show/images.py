"""Fills the Images tab: which repositories a service can pull from, its role, and how much of the region is known."""

from __future__ import annotations

from datetime import datetime

from app.bootstrap import Services
from app.console.access import service_repositories
from app.web.pages_images import ImagesPage, NextSteps
from app.web.pages_service import Tab
from app.web.show import frame


def images_page(services: Services, region: str, name: str, now: datetime, added: NextSteps | None) -> ImagesPage:
    """The whole tab, from our own tables; what is old is asked for behind it."""
    head = frame.service_frame(services, region, name, Tab.IMAGES, now)
    return ImagesPage(head, service_repositories(services, region, name), added)
