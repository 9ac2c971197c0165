"""Fills the views of an operation: its progress, its page, its policy changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from app.bootstrap import Services
from app.history import queries
from app.history.models import Operation, PolicyChange
from app.inventory import queries as inventory
from app.operations.progress import Progress
from app.operations.read import find_progress, progress_of
from app.operations.start import may_retry
from app.operations.state import Kind, Outcome
from app.policy.canonical import equivalent
from app.policy.diff import diff_texts
from app.web.pages import Said
from app.web.pages_operation import OperationPage, PolicyChangeView, ProgressView
from app.wording import N_


def progress_view(progress: Progress, now: datetime, *, in_dialog: bool = False) -> ProgressView:
    """The progress with what the reader may do about it."""
    return ProgressView(
        progress=progress,
        now=now,
        in_dialog=in_dialog,
        can_retry=may_retry(progress.outcome),
        can_cancel=not progress.ended and not progress.cancel_requested,
        can_undo=progress.ended and progress.wrote_policy and progress.kind is not Kind.DEACTIVATE,
    )


UNCHANGED_SINCE = N_("When it was last read after that, the policy didn't have this change.")
CHANGED_SINCE = N_("When it was last read after that, the policy was as this change makes it.")
DIFFERENT_SINCE = N_("When it was last read after that, the policy was different from both texts.")


def _last_read(services: Services, change: PolicyChange) -> tuple[Said, datetime] | None:
    """What a policy was when it was last read after a write that AWS never answered; None where it wasn't."""
    sent_at = change.unanswered_at
    if change.written_at is not None or sent_at is None:
        return None
    held = inventory.find_repository(services.db, change.connection, change.region, change.repository)
    if held is None or held.policy_read_at is None or held.policy_read_at < sent_at:
        return None
    if equivalent(held.policy_text, change.after):
        return Said(CHANGED_SINCE), held.policy_read_at
    same = equivalent(held.policy_text, change.before)
    return Said(UNCHANGED_SINCE if same else DIFFERENT_SINCE), held.policy_read_at


def change_views(
    changes: Iterable[PolicyChange], *, ended: bool, services: Services | None = None
) -> tuple[PolicyChangeView, ...]:
    """The policy writes that reached AWS, each with its diff; of an operation that has ended also those that may have.

    With `services`, what was read after a write without an answer is told beside it.
    """
    return tuple(
        _change_view(change, _last_read(services, change) if services else None)
        for change in changes
        if ended or change.written_at is not None or change.unanswered_at is not None
    )


def _change_view(change: PolicyChange, last_read: tuple[Said, datetime] | None) -> PolicyChangeView:
    what, at = last_read or (None, None)
    return PolicyChangeView(
        repository=change.repository,
        diff=diff_texts(change.before, change.after),
        written_at=change.written_at,
        request_id=change.request_id,
        last_read=what,
        last_read_at=at,
    )


def operation_page(services: Services, operation: Operation, now: datetime) -> OperationPage:
    """The whole page; the operation's steps and changes are loaded."""
    followed_by = queries.followers(services.db, operation.id)
    shown = progress_view(progress_of(operation), now)
    return OperationPage(
        shown=replace(shown, can_undo=shown.can_undo and not _undone(services, followed_by)),
        changes=change_views(operation.changes, ended=operation.outcome is not None, services=services),
        follows=operation.follows or "",
        followed_by=followed_by,
    )


def _undone(services: Services, followed_by: Iterable[str]) -> bool:
    """Whether one of these operations has taken back what they follow."""
    found = (find_progress(services.db, operation_id) for operation_id in followed_by)
    return any(one is not None and one.kind is Kind.UNDO and one.outcome is Outcome.SUCCEEDED for one in found)
