"""Fills the history of everything and of one service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.bootstrap import Services
from app.history import search
from app.history.search import Place
from app.operations.read import progress_of
from app.web import links
from app.web.pages_history import HistoryFilter, HistoryList, HistoryPage, HistoryRow, ServiceHistoryPage
from app.web.pages_service import Tab
from app.web.show import frame
from app.web.show.operations import change_views

# Of days that have one after them.
LAST_DAY = datetime(9999, 12, 30, tzinfo=UTC)

Address = Callable[..., str]


def history_page(services: Services, asked: HistoryFilter, older: str, newer: str) -> HistoryPage:
    """All operations that fit what the reader asked for."""
    return HistoryPage(_list(services, asked, (older, newer), links.history))


def service_history_page(
    services: Services, asked: HistoryFilter, now: datetime, place: tuple[str, str]
) -> ServiceHistoryPage:
    """The operations of one service that fit; `place` is where the page begins, as `older` and `newer` of the address."""
    region, name = asked.region, asked.of_service
    rows = _list(services, asked, place, lambda **query: links.service_history(region, name, **query))
    return ServiceHistoryPage(frame.service_frame(services, region, name, Tab.HISTORY, now), rows)


def wanted_of(services: Services, asked: HistoryFilter) -> search.HistoryFilter:
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


def _list(services: Services, asked: HistoryFilter, place: tuple[str, str], address: Address) -> HistoryList:
    older, newer = (Place.from_text(text) for text in place)
    page = search.list_operations(services.db, wanted_of(services, asked), older_than=older, newer_than=newer)
    rows = tuple(
        HistoryRow(progress_of(one), change_views(one.changes, ended=one.outcome is not None))
        for one in page.operations
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
