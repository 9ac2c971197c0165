"""The history of everything and of one service: filters, rows and paging. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import ClassVar

from app.operations.progress import Progress
from app.web.pages import View
from app.web.pages_operation import PolicyChangeView
from app.web.pages_service import ServiceFrame


@dataclass(frozen=True)
class HistoryFilter:
    """What the reader asked for, as the form and the address hold it: "" for anything.

    `kind` and `outcome` are stored values; `outcome` may be "running". `since` and `until` are days, YYYY-MM-DD, both
    included, in UTC. `region` and `of_service`, a whole name, are where the reader is, not what they filled in.
    """

    service: str = ""
    repository: str = ""
    kind: str = ""
    outcome: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    region: str = ""
    of_service: str = ""

    def query(self) -> dict[str, str]:
        """The filter as query parameters, without those that are empty."""
        return {name: value for name, value in asdict(self).items() if value}

    def filled_in(self) -> dict[str, str]:
        """The part of the query that the form holds."""
        return {name: value for name, value in self.query().items() if name not in ("region", "of_service")}

    @property
    def active(self) -> bool:
        """Something is filtered."""
        return bool(self.filled_in())


@dataclass(frozen=True)
class HistoryRow:
    """One operation, with its policy changes if it made any."""

    progress: Progress
    changes: tuple[PolicyChangeView, ...] = ()


@dataclass(frozen=True)
class HistoryList:
    """One page of the history, newest first. `older` and `newer` are addresses, "" where there is nothing more."""

    rows: tuple[HistoryRow, ...]
    filter: HistoryFilter
    older: str = ""
    newer: str = ""


class _HistoryView(View):
    partial: ClassVar[str] = "partials/history_list.html"

    history: HistoryList

    @property
    def narrowed(self) -> bool:
        """The reader filters, so that an empty list does not mean an empty history."""
        return self.history.filter.active


@dataclass(frozen=True)
class HistoryPage(_HistoryView):
    """GET /history?service=…&kind=…; `partial` is the list alone."""

    page: ClassVar[str] = "pages/history.html"

    history: HistoryList


@dataclass(frozen=True)
class ServiceHistoryPage(_HistoryView):
    """GET /containers/{region}/{service}/history?kind=…: the same of one service."""

    page: ClassVar[str] = "pages/service_history.html"

    frame: ServiceFrame
    history: HistoryList
