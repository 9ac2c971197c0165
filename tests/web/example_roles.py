"""Dialogs that deactivate a service's role, and undo that."""

from __future__ import annotations

from dataclasses import replace

from app.console.batch_plans import BatchPlan, ItemState, PlannedItem
from app.operations.state import Kind, Outcome
from app.web import links
from app.web.views.base import View
from app.web.views.role_changes import deactivate_dialog, notice_for, planned_change, reactivate_dialog
from tests.web.example_parts import NOW, Parts


def role_dialogs(parts: Parts) -> dict[str, View]:
    """Dialogs by name."""
    place, off = ("us-east-1", parts.service_name), parts.progress(Kind.DEACTIVATE, 3, Outcome.SUCCEEDED)
    items = (
        PlannedItem(*place, parts.repository, ItemState.CHANGES, read_at=NOW),
        PlannedItem(*place, "payments/api", ItemState.REFUSED, parts.problem(), read_at=NOW),
        PlannedItem(*place, "shared/otel-collector", ItemState.UNREAD),
    )
    taken, nothing = BatchPlan(Kind.DEACTIVATE, items), BatchPlan(Kind.DEACTIVATE, ())
    back = BatchPlan(Kind.REACTIVATE, items, (place,))
    return {
        "deactivate": deactivate_dialog(*place, taken, NOW),
        "deactivate-outdated": deactivate_dialog(*place, taken, NOW, notice=notice_for("0" * 32)),
        "deactivate-unused": deactivate_dialog(*place, nothing, NOW),
        "deactivate-change": planned_change(taken, parts.repository, links.role(*place, "deactivate")),
        "undo-deactivation": reactivate_dialog(off, back, NOW),
        "undo-deactivation-role": reactivate_dialog(off, replace(back, items=()), NOW),
    }
