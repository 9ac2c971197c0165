"""What the Add dialog says at once about the repository that was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.access import AccessStatus
from app.console.evidence import Evidence
from app.console.grant_check import GrantCheck, check_grant
from app.errors import Problem
from app.policy.messages import WORDS
from app.web import links
from app.web.views.base import View
from app.web.views.preview import ways_out
from app.wording import Message


@dataclass(frozen=True)
class GrantCheckView(View):
    """GET …/repositories/check?repository=…: empty where nothing is known about the repository.

    It is renewed from `url` when access changes. `added`: `service` can pull from it already. `refused` is why Add would be refused; `prune_url` removes the dead principals, or `policy_url` shows the policy.
    `warned` is what the dialog's form sends back, so that Add isn't stopped twice for the same. `is_unread`: the policy
    isn't known, and why in `unread`. `access`, with its `reason`, is what the role would have, by policies read at
    `read_at`.
    """

    page: ClassVar[str] = "partials/grant_check.html"
    partial: ClassVar[str] = "partials/grant_check.html"

    repository: str = ""
    service: str = ""
    url: str = ""
    added: bool = False
    refused: Problem | None = None
    prune_url: str = ""
    policy_url: str = ""
    is_unread: bool = False
    unread: Problem | None = None
    access: AccessStatus | None = None
    reason: Message | None = None
    evidence: Evidence | None = None
    read_at: datetime | None = None

    @property
    def warned(self) -> str:
        """The repository and what stands in the way, "" for nothing."""
        return f"{self.repository} {self.refused.code}" if self.refused else ""


def grant_check(services: Services, region: str, service: str, text: str) -> GrantCheckView:
    """Return what is known about adding the repository that `text` means. Blocks on the database."""
    if not text.strip():
        return GrantCheckView()
    url = links.repositories(region, service, "check", repository=text, place="dialog")
    check = check_grant(services, region, service, text)
    return _shown(check, region, service, url) if check else GrantCheckView(url=url)


def _shown(check: GrantCheck, region: str, service: str, url: str) -> GrantCheckView:
    name, refused, item = check.repository, check.refused, check.item
    # Of another Region or account there is no policy here.
    prune_url, policy_url = ways_out(refused if item else None, region, service, name)
    verdict = item.planned.afterwards if item and item.planned else None
    return GrantCheckView(
        name,
        service,
        url,
        added=check.is_added,
        refused=refused,
        prune_url=prune_url,
        policy_url=policy_url,
        is_unread=check.is_unread,
        unread=item.problem if item and check.is_unread else None,
        access=AccessStatus(verdict.access) if verdict else None,
        reason=Message(WORDS[verdict.code], verdict.params) if verdict else None,
        evidence=check.evidence,
        read_at=item.read_at if item else None,
    )
