"""The list of all repositories, and from where a principal can pull."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.repository_list import RepositoryListAnswer, list_repositories
from app.console.who_can_pull import WhoCanPull, who_can_pull
from app.inventory.repositories import STATES, RepositoryCursor, RepositoryFilter
from app.limits import POLICY_CHARACTERS
from app.web import links
from app.web.views.base import View
from app.wording import N_, Message

STATE_WORDS = {
    "unread": N_("Not checked yet"),
    "none": N_("No policy"),
    "fine": N_("No issues"),
    "findings": N_("Issues"),
}


@dataclass(frozen=True)
class RepositoriesPage(View):
    """GET /repositories?q=…&region=…&state=…&cursor=…; `partial` is the list alone."""

    page: ClassVar[str] = "pages/repositories.html"
    partial: ClassVar[str] = "partials/all_repositories.html"

    answer: RepositoryListAnswer
    filter: RepositoryFilter
    regions: tuple[str, ...]
    now: datetime
    is_first: bool
    limit: int = POLICY_CHARACTERS

    @property
    def narrowed(self) -> bool:
        """The reader filters, so that an empty list doesn't mean that there are no repositories."""
        return bool(self.filter.name or self.filter.region or self.filter.state)

    @property
    def query(self) -> dict[str, str]:
        """The filter as query parameters."""
        return {"q": self.filter.name, "region": self.filter.region, "state": self.filter.state}

    @property
    def first_url(self) -> str:
        """The address of the first page, "" on it."""
        return "" if self.is_first else links.all_repositories(**self.query)

    @property
    def next_url(self) -> str:
        """The address of the next page, "" at the end."""
        return links.all_repositories(**self.query, cursor=self.answer.next.to_text()) if self.answer.next else ""

    def states(self) -> Iterator[tuple[str, Message, int]]:
        """Each state with its word and how many repositories are in it."""
        for state in STATES:
            yield state, Message(STATE_WORDS[state]), self.answer.counts.by_state.get(state, 0)


@dataclass(frozen=True)
class WhoCanPullPage(View):
    """GET /who-can-pull?principal=…, a page of its own."""

    page: ClassVar[str] = "pages/who_can_pull.html"

    found: WhoCanPull
    now: datetime


def repositories_page(services: Services, criteria: RepositoryFilter, cursor: str, now: datetime) -> RepositoriesPage:
    """Return one page of the repositories that fit. Raises Problem for a cursor or state that is none."""
    after = RepositoryCursor.from_text(cursor) if cursor else None
    answer = list_repositories(services, criteria, after)
    return RepositoriesPage(answer, criteria, services.regions, now, is_first=after is None)


def who_can_pull_page(services: Services, principal: str, now: datetime) -> WhoCanPullPage:
    """Return from where the principal can pull."""
    return WhoCanPullPage(who_can_pull(services, principal), now)
