"""A running or ended operation: its progress in the dialog and on its own page, and its policy changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.operation_actions import actions_on, role_left_on
from app.console.operation_versions import POLL
from app.deployments.change import DeploymentChange, change_from_json
from app.history import queries
from app.history.models import Operation, PolicyChange
from app.history.undone import was_undone
from app.messages import labels
from app.operations.later_reading import LaterReading, later_reading, read_since
from app.operations.progress import Progress
from app.operations.read import progress_of
from app.operations.state import Kind
from app.policy.diff import Diff, diff_texts
from app.web import links
from app.web.views.base import DialogView, View
from app.wording import Message

POLL_MS = round(1000 * POLL)


@dataclass(frozen=True)
class ProgressView(View):
    """GET /operations/{id}/progress: the polled partial; answer 204 while the query's `seen` is `progress.version`.

    `now` is for the elapsed time of running steps. `in_dialog`: the poll came with `place=dialog`, or a dialog is being
    opened. `role_left_on`: it took back what had activated the role, which is still active.
    """

    page: ClassVar[str] = "partials/operation_progress.html"
    partial: ClassVar[str] = "partials/operation_progress.html"

    progress: Progress
    now: datetime
    can_retry: bool = False
    can_cancel: bool = False
    can_undo: bool = False
    in_dialog: bool = False
    poll_ms: int = POLL_MS
    role_left_on: bool = False

    @property
    def needs_pruning(self) -> bool:
        """Whether it failed because of deleted principals: a retry also fails until they are removed."""
        problem = self.progress.problem
        if not self.progress.failed or problem is None:
            return False
        names_no_principal = any(code == "refusal.no_principal" for code, _ in problem.details)
        return names_no_principal or problem.code == "policy.dead_principals"

    @property
    def needs_preview(self) -> bool:
        """Whether nothing was deployed since it would have changed something else than its preview showed."""
        problem = self.progress.problem
        return self.progress.failed and problem is not None and problem.code == "deployment.changed_meanwhile"

    @property
    def clears_the_way(self) -> bool:
        """Whether it removed the cause of failure of the operation that it follows, so that a retry can succeed."""
        progress = self.progress
        return progress.kind is Kind.PRUNE and bool(progress.follows) and progress.ended and not progress.failed

    @property
    def offers_repair(self) -> bool:
        """Whether access may be missing because of what was done outside Sailpass, to a repository that exists."""
        return self.progress.kind in (Kind.DRIFT, Kind.POLICY_DRIFT, Kind.REPOSITORY_RECREATED)

    @property
    def offers_activation(self) -> bool:
        """Whether the role was deactivated outside Sailpass."""
        return self.progress.kind is Kind.ROLE_DEACTIVATED


@dataclass(frozen=True)
class ProgressDialog(DialogView):
    """The response to htmx after a POST that started an operation: the dialog's heading and, in it, the progress."""

    partial: ClassVar[str] = "partials/operation_dialog.html"

    shown: ProgressView
    heading: Message
    back: str


def progress_dialog(shown: ProgressView) -> ProgressDialog:
    """Return the dialog of an operation, with what it does or did as its heading."""
    heading = Message("%(title)s", {"title": labels.title(shown.progress)})
    return ProgressDialog(replace(shown, in_dialog=True), heading, links.operation(shown.progress.id))


@dataclass(frozen=True)
class PolicyChangeView:
    """One write of one policy. `diff` None: the text did not change. `written_at` None: it may not have taken effect.

    `read_since` then says what the policy was when it was last read after that write was sent.
    """

    repository: str
    diff: Diff | None
    written_at: datetime | None = None
    request_id: str = ""
    read_since: LaterReading | None = None


@dataclass(frozen=True)
class OperationPage(View):
    """GET /operations/{id}: the progress, who started it, and its policy changes.

    `follows` is the operation that this one retries or undoes; `followed_by` the ones that follow it.
    """

    page: ClassVar[str] = "pages/operation.html"

    shown: ProgressView
    changes: tuple[PolicyChangeView, ...] = ()
    deployment: DeploymentChange | None = None
    follows: str = ""
    followed_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class OperationDetails(View):
    """GET /operations/{id}/details: what opens below the operation's line in the history."""

    page: ClassVar[str] = "partials/operation_details.html"
    partial: ClassVar[str] = "partials/operation_details.html"

    progress: Progress
    changes: tuple[PolicyChangeView, ...] = ()


@dataclass(frozen=True)
class UnknownOperation(View):
    """An unknown operation id (answer it with status 404); for a poll, it ends the polling."""

    page: ClassVar[str] = "pages/unknown_operation.html"
    partial: ClassVar[str] = "partials/unknown_operation.html"

    id: str


def progress_view(services: Services, progress: Progress, now: datetime, *, in_dialog: bool = False) -> ProgressView:
    """Return the progress with the actions available to the reader."""
    actions = actions_on(progress)
    left_on = role_left_on(services, progress)
    return ProgressView(progress, now, actions.retry, actions.cancel, actions.undo, in_dialog, role_left_on=left_on)


def change_views(
    changes: Iterable[PolicyChange], *, ended: bool, services: Services | None = None
) -> tuple[PolicyChangeView, ...]:
    """Return the policy writes that reached AWS, each with its diff; for an ended operation also those that may have.

    With `services`, a write without an answer also has what was read after it.
    """
    return tuple(
        _change_view(change, later_reading(services.db, change) if services else None)
        for change in changes
        if ended or change.written_at is not None or change.unanswered_at is not None
    )


def _change_view(change: PolicyChange, since: LaterReading | None) -> PolicyChangeView:
    return PolicyChangeView(
        repository=change.repository,
        diff=diff_texts(change.before, change.after),
        written_at=change.written_at,
        request_id=change.request_id,
        read_since=since,
    )


def operation_details(services: Services, operation: Operation) -> OperationDetails:
    """Return what opens in the history; the operation's steps and changes are loaded."""
    changes = change_views(operation.changes, ended=operation.outcome is not None)
    return OperationDetails(progress_of(operation, read_since(services.db, operation)), changes)


def operation_page(services: Services, operation: Operation, now: datetime) -> OperationPage:
    """Return the whole page; the operation's steps and changes are loaded."""
    shown = progress_view(services, progress_of(operation, read_since(services.db, operation)), now)
    return OperationPage(
        shown=replace(shown, can_undo=shown.can_undo and not was_undone(services.db, operation.id)),
        changes=change_views(operation.changes, ended=operation.outcome is not None, services=services),
        deployment=change_from_json(operation.input["change"]) if "change" in operation.input else None,
        follows=operation.follows or "",
        followed_by=queries.followers(services.db, operation.id),
    )
