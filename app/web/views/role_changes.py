"""The dialogs that deactivate a service's role and undo that: what changes in which repository, to be confirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.console.batch_plans import BatchPlan, PlannedItem
from app.errors import Problem
from app.operations.progress import Progress
from app.policy.diff import Diff, diff_texts
from app.web import links
from app.web.views.base import DialogView
from app.wording import N_, Message

# Repositories that are listed; the heading counts all.
ROWS = 200
CHANGED = N_("Something has changed since the preview. Nothing was started. This is what would be done now.")
NOT_SEEN = N_("Nothing was started. Check what this changes, then confirm.")


@dataclass(frozen=True)
class RoleDialog(DialogView):
    """Asks for confirmation of a change of the role, with what it changes in each repository.

    `seen` is the plan's fingerprint, which the form sends back. `change_url` returns the URL of one repository's
    change. `remove` is whether to remove the statements, None where that is no choice. `notice`: why it is shown again
    (answer it with status 422).
    """

    partial: ClassVar[str] = "partials/role_dialog.html"

    heading: Message
    lead: Message
    action: str
    button: Message
    back: str
    plan: BatchPlan
    now: datetime
    names_title: Message
    nothing: Message
    change_url: Callable[[str], str]
    warning: Message | None = None
    remove: bool | None = None
    notice: Message | None = None
    danger: bool = False

    @property
    def seen(self) -> str:
        """The fingerprint of what is shown."""
        return self.plan.fingerprint

    @property
    def items(self) -> tuple[PlannedItem, ...]:
        """The repositories that are listed, by name."""
        return tuple(sorted(self.plan.items, key=lambda item: item.repository)[:ROWS])


@dataclass(frozen=True)
class PlannedChangeView(DialogView):
    """One repository's part of such a change: `diff` None where nothing would change, `problem` why it can't be told."""

    partial: ClassVar[str] = "partials/planned_change.html"

    heading: Message
    repository: str
    back: str
    diff: Diff | None = None
    problem: Problem | None = None


def deactivate_dialog(
    region: str, service: str, plan: BatchPlan, now: datetime, *, remove: bool = True, notice: Message | None = None
) -> RoleDialog:
    """GET …/role/deactivate; form field `remove` = 1: remove the statements as well."""
    return RoleDialog(
        heading=Message(N_("Deactivate the image puller role?")),
        lead=Message(
            N_("%(service)s won't be able to pull from any private repository. Running containers aren't affected."),
            {"service": service},
        ),
        action=links.role(region, service, "deactivate"),
        button=Message(N_("Deactivate")),
        back=links.images(region, service),
        plan=plan,
        now=now,
        names_title=Message(N_("Repositories whose policy names this service")),
        nothing=Message(N_("No repository policy that was read names this service.")),
        change_url=lambda repository: links.role(region, service, "deactivate/change", repository=repository),
        warning=Message(
            N_(
                "A statement that is left behind names a dead principal, and ECR may then refuse later changes to that policy."
            )
        )
        if plan.items
        else None,
        remove=remove if plan.items else None,
        notice=notice,
        danger=True,
    )


def reactivate_dialog(
    progress: Progress, plan: BatchPlan, now: datetime, *, notice: Message | None = None
) -> RoleDialog:
    """GET /operations/{id}/undo of a deactivation."""
    return RoleDialog(
        heading=Message(N_("Undo this deactivation?")),
        lead=Message(
            N_(
                "This activates the image puller role of %(service)s and puts back what the deactivation removed from repository policies, and no more. Later changes are kept."
            ),
            {"service": progress.service},
        ),
        action=links.operation(progress.id, "undo"),
        button=Message(N_("Undo")),
        back=links.operation(progress.id),
        plan=plan,
        now=now,
        names_title=Message(N_("Repositories whose policy gets its statement back")),
        nothing=Message(
            N_("The deactivation removed nothing from repository policies, so only the role is activated.")
        ),
        change_url=lambda repository: links.operation(progress.id, "undo/change", repository=repository),
        warning=Message(
            N_(
                "AWS may give the role another principal ARN, known only after activation. The changes show a placeholder for it."
            )
        )
        if plan.items and plan.activates
        else None,
        notice=notice,
    )


def planned_change(plan: BatchPlan, repository: str, back: str) -> PlannedChangeView:
    """Return one repository's part of the plan; without a change if it has none."""
    item = next((item for item in plan.items if item.repository == repository), None)
    change = item.planned.change if item and item.planned else None
    return PlannedChangeView(
        heading=Message("%(repository)s", {"repository": repository}),
        repository=repository,
        back=back,
        diff=diff_texts(change.before, change.after) if change and change.needed else None,
        problem=item.problem if item else None,
    )


def notice_for(previewed: str) -> Message:
    """Return why a dialog is shown again: it was confirmed with another preview, or with none."""
    return Message(CHANGED if previewed else NOT_SEEN)
