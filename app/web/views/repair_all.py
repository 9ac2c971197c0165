"""Repairing all access that findings are about: what one batch would do across services, and what it would not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.console.batch_plans import BatchPlan, PlannedItem
from app.console.repair_all import RepairAllPlan
from app.web.views.base import View
from app.web.views.batches import listed


@dataclass(frozen=True)
class RepairAllPage(View):
    """GET /findings/repair?region=…: the preview.

    `has_changed`: what was confirmed is no longer what would be done, so it is shown again (answer it with status 409).
    """

    page: ClassVar[str] = "pages/repair_all.html"

    repair: RepairAllPlan
    now: datetime
    has_changed: bool = False
    across_services: ClassVar[bool] = True

    @property
    def plan(self) -> BatchPlan:
        """The batch that would be started."""
        return self.repair.plan

    @property
    def items(self) -> tuple[PlannedItem, ...]:
        """The items that are listed: those that need attention first."""
        return listed(self.plan)
