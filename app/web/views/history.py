"""The history of everything and of one service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from app.bootstrap import Services
from app.history import search
from app.history.search import Cursor
from app.operations.progress import Progress
from app.operations.read import progress_of
from app.web import links
from app.web.views import frame
from app.web.views.base import View
from app.web.views.frame import ServiceFrame, Tab
from app.web.views.operation import PolicyChangeView, change_views


@dataclass(frozen=True)
class HistoryFilterView:
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
    filter: HistoryFilterView
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
class HistoryView(_HistoryView):
    """GET /history?service=…&kind=…; `partial` is the list alone."""

    page: ClassVar[str] = "pages/history.html"

    history: HistoryList


@dataclass(frozen=True)
class ServiceHistoryPage(_HistoryView):
    """GET /containers/{region}/{service}/history?kind=…: the same of one service."""

    page: ClassVar[str] = "pages/service_history.html"

    frame: ServiceFrame
    history: HistoryList


# Of days that have one after them.
LAST_DAY = datetime(9999, 12, 30, tzinfo=UTC)

Address = Callable[..., str]


def history_page(services: Services, asked: HistoryFilterView, older: str, newer: str) -> HistoryView:
    """All operations that fit what the reader asked for."""
    return HistoryView(_list(services, asked, (older, newer), links.history))


def service_history_page(
    services: Services, asked: HistoryFilterView, now: datetime, place: tuple[str, str]
) -> ServiceHistoryPage:
    """The operations of one service that fit; `place` is where the page begins, as `older` and `newer` of the address."""
    region, name = asked.region, asked.of_service
    rows = _list(services, asked, place, lambda **query: links.service_history(region, name, **query))
    return ServiceHistoryPage(frame.service_frame(services, region, name, Tab.HISTORY, now), rows)


def wanted_of(services: Services, asked: HistoryFilterView) -> search.HistoryFilter:
    """What the history is asked for; days that are no days are left out."""
    until = _day(asked.until)
    return search.HistoryFilter(
        connection=services.connection,
        region=asked.region,
        of_service=asked.of_service,
        service=asked.service,
        repository=asked.repository,
        kind=asked.kind,
        outcome=asked.outcome,
        person=asked.person,
        since=_day(asked.since),
        until=until and until + timedelta(days=1),
    )


def _list(services: Services, asked: HistoryFilterView, place: tuple[str, str], address: Address) -> HistoryList:
    older, newer = (Cursor.from_text(text) for text in place)
    page = search.list_operations(services.db, wanted_of(services, asked), older_than=older, newer_than=newer)
    rows = tuple(
        HistoryRow(progress_of(operation), change_views(operation.changes, ended=operation.outcome is not None))
        for operation in page.operations
    )
    return HistoryList(
        rows,
        asked,
        older=address(**asked.filled_in(), older=page.older.to_text()) if page.older else "",
        newer=address(**asked.filled_in(), newer=page.newer.to_text()) if page.newer else "",
    )


def _day(text: str) -> datetime | None:
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
    return min(day, LAST_DAY)
