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
from app.operations import fingerprint
from app.operations.planned import Planned
from app.operations.pruning import DEAD_PRINCIPALS
from app.policy.diff import Diff, diff_texts
from app.policy.messages import WORDS
from app.threads import run_in_threadpool
from app.web import links
from app.web.views.base import View
from app.wording import Message

# Characters of a policy text that a form may bring back; ECR allows 10,240.
LONGEST_TEXT = 10_240


@dataclass(frozen=True)
class PreviewView(View):
    """GET …/repositories/preview?repository=…&kind=…: what would change, without doing it.

    `calls` are AWS actions with their resources, in order; `diff` None: the policy stays unchanged.
    `seen` is the fingerprint of the policy; the dialog's form sends it back in its field `previewed`. `principals` are
    those that a prune of that policy would remove, `doubtful` those that the reader may add, because ECR refused the
    policy for one of them. `activates`: the role has to be activated first, so that its ARN in the policy is a
    placeholder. `refused` says why nothing will be written: dead principals, which `prune_url` removes, or a Deny of the
    policy at `policy_url`. `managed` warns that a tool manages the service. `access`, with its `reason`, is what the
    role has afterwards. `texts` are the policy before and after, "" for none, so that it can be shown again once it is
    outdated. `renew_url` answers 204 while it is not, else with a new one, which is `renewed`.
    """

    page: ClassVar[str] = "pages/preview.html"
    partial: ClassVar[str] = "partials/preview.html"

    repository: str = ""
    diff: Diff | None = None
    calls: tuple[str, ...] = ()
    commands: tuple[Commands, ...] = ()
    problem: Problem | None = None
    refused: Problem | None = None
    prune_url: str = ""
    policy_url: str = ""
    seen: str = ""
    principals: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    activates: bool = False
    access: AccessStatus | None = None
    reason: Message | None = None
    evidence: Evidence | None = None
    managed: Message | None = None
    texts: tuple[str, str] | None = None
    renew_url: str = ""
    renewed: bool = False


@dataclass(frozen=True)
class EarlierPreview:
    """A preview that is no longer what would be done. `texts_known` False: it can't be shown again."""

    repository: str
    texts_known: bool = False
    diff: Diff | None = None


def earlier_preview(repository: str, seen: str, texts: tuple[str, str]) -> EarlierPreview:
    """Return a preview again, from the policy before and after that a form brought, if they are those of `seen`."""
    before, after = (text or None for text in texts)
    if not fingerprint.is_of(seen, before, after):
        return EarlierPreview(repository)
    return EarlierPreview(repository, texts_known=True, diff=diff_texts(before, after))


async def preview_view(planning: Awaitable[Preview], repository: str = "", *, keeps_texts: bool = False) -> PreviewView:
    """Return the result of `planning` for a page; if it fails, with its `problem`."""
    try:
        preview = await planning
    except Problem as problem:
        return PreviewView(repository, problem=problem)
    return await run_in_threadpool(_shown, preview, keeps_texts=keeps_texts)


def _shown(preview: Preview, *, keeps_texts: bool) -> PreviewView:
    """Return a preview as it is shown. Parses the policy."""
    planned, verdict = preview.planned, preview.planned.afterwards
    prune_url, policy_url = ways_out(planned.refused, preview.service.region, preview.service.name, preview.repository)
    return PreviewView(
        repository=preview.repository,
        diff=preview.diff,
        calls=tuple(f"{call.action}  {call.on}" for call in planned.calls),
        commands=preview.commands,
        refused=planned.refused,
        prune_url=prune_url,
        policy_url=policy_url,
        seen=f"{preview.repository} {planned.seen}",
        activates=planned.activates,
        principals=planned.pruned,
        doubtful=planned.prunable.refused,
        access=AccessStatus(verdict.access) if verdict else None,
        reason=Message(WORDS[verdict.code], verdict.params) if verdict else None,
        evidence=preview.evidence,
        managed=managed_warning(preview.service.tags, (planned.change.before,)),
        texts=_texts(planned) if keeps_texts else None,
    )


def ways_out(refused: Problem | None, region: str, service: str, repository: str) -> tuple[str, str]:
    """Return where the dead principals are removed that `refused` is about, and else where the policy is shown.

    "" for what doesn't help. `service` may be "" only where ECR refuses the policy: a Deny is a problem of a service.
    """
    if refused is None:
        return "", ""
    if refused.code != DEAD_PRINCIPALS:
        return "", links.policy(region, service, repository)
    if not service:
        return links.prune(region, repository), ""
    return links.repositories(region, service, "prune", repository=repository), ""


def _texts(planned: Planned) -> tuple[str, str] | None:
    """The policy before and after as form fields; None where they are longer than a policy can be."""
    texts = (planned.change.before or "", planned.change.after or "")
    return texts if max(map(len, texts)) <= LONGEST_TEXT else None
