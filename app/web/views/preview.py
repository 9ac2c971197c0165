"""The preview of an operation: the policy diff, the calls to AWS, and the commands that do the same."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import ClassVar

from app.console.access import AccessStatus
from app.console.evidence import Evidence
from app.console.managed import managed_warning
from app.console.previews import Preview
from app.console.shell_commands import Commands
from app.errors import Problem
from app.policy.diff import Diff
from app.policy.messages import WORDS
from app.web.views.base import View
from app.wording import Message


@dataclass(frozen=True)
class PreviewView(View):
    """GET …/repositories/preview?repository=…&kind=…: what would change, without doing it.

    `calls` are AWS actions with their resources, in order; `diff` None: the policy stays unchanged.
    `seen` is the fingerprint of the policy; the dialog's form sends it back in its field `previewed`. `principals` are
    those that a prune of that policy would remove, `doubtful` those that the reader may add, because ECR refused the
    policy for one of them. `activates`: the role has to be activated first, so that its ARN in the policy is a
    placeholder. `managed` warns that a tool manages the service. `access`, with its `reason`, is what the role has afterwards.
    """

    page: ClassVar[str] = "partials/preview.html"
    partial: ClassVar[str] = "partials/preview.html"

    repository: str = ""
    diff: Diff | None = None
    calls: tuple[str, ...] = ()
    commands: tuple[Commands, ...] = ()
    problem: Problem | None = None
    seen: str = ""
    principals: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    activates: bool = False
    access: AccessStatus | None = None
    reason: Message | None = None
    evidence: Evidence | None = None
    managed: Message | None = None


async def preview_view(planning: Awaitable[Preview], repository: str = "") -> PreviewView:
    """Return the result of `planning` for a page; if it fails, with its `problem`."""
    try:
        preview = await planning
    except Problem as problem:
        return PreviewView(repository, problem=problem)
    planned, verdict = preview.planned, preview.planned.verdict
    return PreviewView(
        repository=preview.repository,
        diff=preview.diff,
        calls=tuple(f"{call.action}  {call.on}" for call in planned.calls),
        commands=preview.commands,
        seen=f"{preview.repository} {planned.seen}",
        activates=planned.activates,
        principals=planned.pruned,
        doubtful=planned.prunable.refused,
        access=AccessStatus(verdict.access) if verdict else None,
        reason=Message(WORDS[verdict.code], verdict.params) if verdict else None,
        evidence=preview.evidence,
        managed=managed_warning(preview.service.tags, (planned.change.before,)),
    )
