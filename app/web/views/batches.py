"""Many repositories at once, before anything is started: which ones, and what would become of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.batch_plans import BatchPlan, BatchRequest, ItemState, PlannedItem, candidates, startable
from app.errors import Problem
from app.keys import RegionAndName
from app.operations.state import Kind
from app.web import links
from app.web.views import frame
from app.web.views.base import View
from app.web.views.dialogs import ConfirmDialog
from app.web.views.frame import ServiceFrame, Tab
from app.web.views.preview import PreviewView
from app.wording import N_, Message

# Rows of a list; the others are chosen by the pattern.
ROWS = 200
ACTIONS = (Kind.GRANT, Kind.REVOKE, Kind.REPAIR)
CHOOSE = {
    Kind.GRANT: N_("Add repositories"),
    Kind.REVOKE: N_("Remove repositories"),
    Kind.REPAIR: N_("Repair access to repositories"),
}
EXPLAINED = {
    Kind.GRANT: N_("Repositories that %(service)s can't pull from yet."),
    Kind.REVOKE: N_("Repositories whose policy names %(service)s."),
    Kind.REPAIR: N_("Repositories whose policy names %(service)s and doesn't let it pull."),
}
# The order in which the items of a preview are listed.
LISTED = (ItemState.REFUSED, ItemState.CHANGES, ItemState.UNREAD, ItemState.UNCHANGED)


@dataclass(frozen=True)
class ChoosePage(View):
    """GET …/repositories/many?action=…&match=…: repositories with checkboxes; `total` fit, of which `names` are shown.

    `refused` says what is wrong with what was chosen (answer it with status 422); `chosen` are ticked.
    """

    page: ClassVar[str] = "pages/choose_repositories.html"

    frame: ServiceFrame
    action: Kind
    match: str
    pattern: str
    names: tuple[str, ...]
    total: int
    heading: Message
    lead: Message
    chosen: frozenset[str] = frozenset()
    refused: Problem | None = None


@dataclass(frozen=True)
class BatchPreviewPage(View):
    """POST /batches/preview: what a batch would do. `match` is "" where `names` were chosen one by one.

    `has_changed`: what was confirmed is no longer what would be done, so it is shown again (answer it with status 409).
    """

    page: ClassVar[str] = "pages/batch_preview.html"

    frame: ServiceFrame
    plan: BatchPlan
    match: str
    names: tuple[str, ...]
    seen: str
    now: datetime
    heading: Message
    has_changed: bool = False
    across_services: ClassVar[bool] = False

    @property
    def items(self) -> tuple[PlannedItem, ...]:
        """The items that are listed: those that need attention first."""
        return listed(self.plan)

    @property
    def count(self) -> int:
        """How many items would be started."""
        return len(startable(self.plan))


def choose_page(
    services: Services,
    region_and_name: RegionAndName,
    action: Kind,
    match: str,
    now: datetime,
    *,
    chosen: Sequence[str] = (),
    refused: Problem | None = None,
) -> ChoosePage:
    """The list to choose from. `match` is a part of a name, or a pattern with `*` for whole names."""
    region, name = region_and_name
    pattern = pattern_of(match)
    names = candidates(services, region_and_name, action, pattern)
    return ChoosePage(
        frame=frame.service_frame(services, region, name, Tab.IMAGES, now),
        action=action,
        match=match,
        pattern=pattern,
        names=tuple(names[:ROWS]),
        total=len(names),
        heading=Message(CHOOSE[action]),
        lead=Message(EXPLAINED[action], {"service": name}),
        chosen=frozenset(chosen),
        refused=refused,
    )


def preview_page(
    services: Services, request: BatchRequest, plan: BatchPlan, now: datetime, *, has_changed: bool = False
) -> BatchPreviewPage:
    """The preview of a batch for one service."""
    ((region, name),) = request.services
    return BatchPreviewPage(
        frame=frame.service_frame(services, region, name, Tab.IMAGES, now),
        plan=plan,
        match=request.match,
        names=request.repositories,
        seen=plan.fingerprint,
        now=now,
        heading=Message(CHOOSE[request.action]),
        has_changed=has_changed,
    )


def change_dialog(region: str, service: str, preview: PreviewView) -> ConfirmDialog:
    """GET …/repositories/many/change: one change of a batch, to look at."""
    return ConfirmDialog(
        heading=Message(N_("Change")),
        lead=Message(
            N_("What this batch would do to the policy of %(repository)s, as AWS has it now."),
            {"repository": preview.repository},
        ),
        action=links.BATCHES,
        button=None,
        back=links.many(region, service),
        preview=preview,
    )


def listed(plan: BatchPlan) -> tuple[PlannedItem, ...]:
    """Return the items of a plan that a preview lists: those that need attention first."""
    return tuple(sorted(plan.items, key=lambda item: LISTED.index(item.state))[:ROWS])


def pattern_of(text: str) -> str:
    """Return the pattern for whole names that a reader means: without `*` it is a part of a name."""
    text = text.strip()
    return text if "*" in text else f"*{text}*".replace("**", "*")
