"""A batch as it runs: how many items are done, each item's result, what may be done about the whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.batches import Batch, BatchItemsPage, get_batch, list_items
from app.operations.state import NOT_DONE, Kind, Outcome
from app.web import links
from app.web.views.base import View
from app.web.views.dialogs import ConfirmDialog
from app.wording import N_, Message

POLL_MS = 1000
ROWS = 100
# Which items are shown, by the word in the address.
FILTERS: dict[str, tuple[str, ...]] = {
    "": (),
    "running": ("running",),
    "failed": tuple(NOT_DONE),
    "done": (Outcome.SUCCEEDED, Outcome.NOTHING_TO_DO),
}
# While it runs, after all of it is done, and where it is not.
TITLES: dict[Kind, tuple[str, str, str]] = {
    Kind.GRANT: (N_("Adding repositories"), N_("Repositories added"), N_("Not all repositories were added")),
    Kind.REVOKE: (N_("Removing repositories"), N_("Repositories removed"), N_("Not all repositories were removed")),
    Kind.REPAIR: (N_("Repairing access"), N_("Access repaired"), N_("Not all access was repaired")),
    Kind.UNDO: (N_("Undoing a batch"), N_("Batch undone"), N_("Not all of the batch was undone")),
}


@dataclass(frozen=True)
class BatchPage(View):
    """GET /batches/{id}?state=…&after=…; polled (`partial`) until it has ended, with 204 while `seen` is its version."""

    page: ClassVar[str] = "pages/batch.html"
    partial: ClassVar[str] = "partials/batch_progress.html"

    batch: Batch
    shown: BatchItemsPage
    state: str
    after: int
    now: datetime
    poll_ms: int = POLL_MS

    @property
    def title(self) -> Message:
        """What it does, or how it ended."""
        running, done, not_all = TITLES[self.batch.action]
        if not self.batch.ended:
            return Message(running)
        return Message(not_all if self.batch.failed else done)

    @property
    def tone(self) -> str:
        """The tone of the bar."""
        if self.batch.counts.get(Outcome.FAILED):
            return "error"
        if not self.batch.ended:
            return "progress"
        return "off" if self.batch.failed else "success"


@dataclass(frozen=True)
class UnknownBatch(View):
    """An id of no batch (answer it with status 404); for a poll, it ends the polling."""

    page: ClassVar[str] = "pages/unknown_batch.html"
    partial: ClassVar[str] = "partials/unknown_batch.html"

    id: str


def batch_page(services: Services, batch_id: str, state: str, after: int, now: datetime) -> BatchPage:
    """The batch with some of its items. Raises Problem `batch.not_found`."""
    batch = get_batch(services, batch_id)
    shown = list_items(services, batch_id, states=FILTERS[state], after=after, limit=ROWS)
    return BatchPage(batch, shown, state, after, now)


def cancel_dialog(batch: Batch) -> ConfirmDialog:
    """GET /batches/{id}/cancel."""
    return ConfirmDialog(
        heading=Message(N_("Cancel the rest of this batch?")),
        lead=Message(
            N_("Repositories that have not begun stay as they are. Those at work stop at the next safe point.")
        ),
        action=links.batch(batch.id, "cancel"),
        button=Message(N_("Cancel rest")),
        back=links.batch(batch.id),
        warning=Message(N_("What is done stays. You can undo it afterwards.")),
        danger=True,
    )


def undo_dialog(batch: Batch) -> ConfirmDialog:
    """GET /batches/{id}/undo."""
    roles = () if batch.action is Kind.UNDO else batch.roles_left_on
    return ConfirmDialog(
        heading=Message(N_("Undo this batch?")),
        lead=Message(N_("Each policy change of this batch is taken back. What others changed since is kept.")),
        action=links.batch(batch.id, "undo"),
        button=Message(N_("Undo all")),
        back=links.batch(batch.id),
        changes=(Message(N_("Repository policies to change back: %(count)s"), {"count": batch.undoable}),),
        names_title=Message(
            N_(
                "This batch also activated these image puller roles. They stay active: you can deactivate them afterwards."
            )
        ),
        names=tuple(f"{service} ({region})" for region, service in roles),
        warning=None if roles else Message(N_("The image puller role stays as it is.")),
        danger=True,
    )
