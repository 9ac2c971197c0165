"""Fills the preview of an operation: the policy diff, the calls to AWS, and the commands that do the same."""

from __future__ import annotations

from collections.abc import Awaitable

from app.console.previews import Preview
from app.errors import Problem
from app.web.pages_operation import PreviewView


async def preview_view(planning: Awaitable[Preview], repository: str = "") -> PreviewView:
    """Return what `planning` comes to, as a page shows it; what keeps it from being made is its `problem`."""
    try:
        preview = await planning
    except Problem as problem:
        return PreviewView(repository, problem=problem)
    planned = preview.planned
    return PreviewView(
        repository=preview.repository,
        diff=preview.diff,
        calls=tuple(f"{call.action}  {call.on}" for call in planned.calls),
        commands=preview.commands,
        seen=f"{preview.repository} {planned.seen}",
        activates=planned.activates,
        principals=planned.pruned,
        doubtful=planned.prunable.refused,
    )
