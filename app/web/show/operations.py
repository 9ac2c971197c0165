"""Fills the views of an operation: its progress, its page, its policy changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from app.bootstrap import Services
from app.console.operations import actions_on, is_undone
from app.history import queries
from app.history.models import Operation, PolicyChange
from app.operations.progress import Progress
from app.operations.read import progress_of
from app.policy.diff import diff_texts
from app.web.pages_operation import OperationPage, PolicyChangeView, ProgressView


def progress_view(progress: Progress, now: datetime, *, in_dialog: bool = False) -> ProgressView:
    """The progress with what the reader may do about it."""
    actions = actions_on(progress)
    return ProgressView(progress, now, actions.retry, actions.cancel, actions.undo, in_dialog)


def change_views(changes: Iterable[PolicyChange], *, ended: bool) -> tuple[PolicyChangeView, ...]:
    """The policy writes that reached AWS, each with its diff; of an operation that has ended also those that may have."""
    return tuple(
        PolicyChangeView(
            repository=change.repository,
            diff=diff_texts(change.before, change.after),
            written_at=change.written_at,
            request_id=change.request_id,
        )
        for change in changes
        if ended or change.written_at is not None or change.unanswered_at is not None
    )


def operation_page(services: Services, operation: Operation, now: datetime) -> OperationPage:
    """The whole page; the operation's steps and changes are loaded."""
    followed_by = queries.followers(services.db, operation.id)
    shown = progress_view(progress_of(operation), now)
    return OperationPage(
        shown=replace(shown, can_undo=shown.can_undo and not is_undone(services, followed_by)),
        changes=change_views(operation.changes, ended=operation.outcome is not None),
        follows=operation.follows or "",
        followed_by=followed_by,
    )
