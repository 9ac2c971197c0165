"""The history of everything and of one service."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.history import search
from app.history.batches import counts_of
from app.history.models import Operation
from app.history.search import OperationCursor
from app.operations.progress import Progress
from app.operations.read import outline_of
from app.operations.state import Kind
from app.web import days, links
from app.web.views import frame
from app.web.views.base import View
from app.web.views.frame import ServiceFrame, Tab


@dataclass(frozen=True)
class HistoryFilterView:
    """The reader's filter, as in the form and the URL: "" for anything.

    `kind` and `outcome` are stored values; `outcome` may be "running". `since` and `until` are days, YYYY-MM-DD, both
    included, in `zone`, the name of a time zone ("": UTC). `region` and the whole names `of_service` and `of_repository`
    come from the page that led here.
    """

    service: str = ""
    repository: str = ""
    kind: str = ""
    outcome: str = ""
    person: str = ""
    since: str = ""
    until: str = ""
    zone: str = ""
    region: str = ""
    of_service: str = ""
    of_repository: str = ""

    def query(self) -> dict[str, str]:
        """Return the filter as query parameters, without empty ones."""
        zone = self.zone if self.has_days else ""
        return {name: value for name, value in {**asdict(self), "zone": zone}.items() if value}

    @property
    def has_days(self) -> bool:
        """Whether a day is filled in, so that the zone means something."""
        return bool(self.since or self.until)

    @property
    def known_zone(self) -> str:
        """The zone that the days are of."""
        return self.zone if self.has_days and days.is_zone(self.zone) else days.UTC_NAME

    @property
    def unknown_zone(self) -> str:
        """The zone that was meant, where this server doesn't know it; else ""."""
        return self.zone if self.has_days and self.zone and not days.is_zone(self.zone) else ""

    def filled_in(self) -> dict[str, str]:
        """Return the part of the query that the form holds: what isn't in the path of a service's page."""
        in_path = ("region", "of_service") if self.of_service else ()
        return {name: value for name, value in self.query().items() if name not in in_path}

    @property
    def active(self) -> bool:
        """Whether a filter is set."""
        return bool(self.filled_in())


@dataclass(frozen=True)
class BatchSummary:
    """A batch in one line: what its items are, and how many there are."""

    action: Kind
    total: int


@dataclass(frozen=True)
class HistoryRow:
    """One operation, without its steps and changes; `batch` where it stands for a whole batch."""

    progress: Progress
    batch: BatchSummary | None = None


@dataclass(frozen=True)
class HistoryList:
    """One page of the history, newest first. `older` and `newer` are URLs, "" if there are no more."""

    rows: tuple[HistoryRow, ...]
    filter: HistoryFilterView
    older: str = ""
    newer: str = ""


class _HistoryView(View):
    partial: ClassVar[str] = "partials/history_list.html"

    history: HistoryList

    @property
    def narrowed(self) -> bool:
        """Whether a filter is set, so that an empty list does not mean an empty history."""
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


Address = Callable[..., str]


def history_page(services: Services, criteria: HistoryFilterView, older: str, newer: str) -> HistoryView:
    """Return all operations that match the reader's filter."""
    return HistoryView(_list(services, criteria, (older, newer), links.history))


def service_history_page(
    services: Services, criteria: HistoryFilterView, now: datetime, cursors: tuple[str, str]
) -> ServiceHistoryPage:
    """Return the matching operations of one service; `cursors` is the URL's `older` and `newer`."""
    region, name = criteria.region, criteria.of_service
    rows = _list(services, criteria, cursors, lambda **query: links.service_history(region, name, **query))
    return ServiceHistoryPage(frame.service_frame(services, region, name, Tab.HISTORY, now), rows)


def criteria_of(services: Services, criteria: HistoryFilterView) -> search.HistoryFilter:
    """Return the filter of the query; invalid days are left out."""
    return search.HistoryFilter(
        connection=services.connection,
        region=criteria.region,
        of_service=criteria.of_service,
        of_repository=criteria.of_repository,
        service=criteria.service,
        repository=criteria.repository,
        kind=criteria.kind,
        outcome=criteria.outcome,
        person=criteria.person,
        since=days.begin_of(criteria.since, criteria.known_zone),
        until=days.begin_of(criteria.until, criteria.known_zone, after=1),
    )


def _list(
    services: Services, filter_view: HistoryFilterView, cursors: tuple[str, str], address: Address
) -> HistoryList:
    older, newer = (OperationCursor.from_text(text) for text in cursors)
    criteria = replace(criteria_of(services, filter_view), folds_batches=True)
    page = search.list_operations(services.db, criteria, older_than=older, newer_than=newer, whole=False)
    batches = _batches(services, page.operations)
    rows = tuple(HistoryRow(outline_of(operation), batches.get(operation.id)) for operation in page.operations)
    return HistoryList(
        rows,
        filter_view,
        older=address(**filter_view.filled_in(), older=page.older.to_text()) if page.older else "",
        newer=address(**filter_view.filled_in(), newer=page.newer.to_text()) if page.newer else "",
    )


def _batches(services: Services, operations: Iterable[Operation]) -> dict[str, BatchSummary]:
    """The batches among the operations, by the operation that stands for each: two questions for all of them."""
    runners = {
        operation.id: operation for operation in operations if operation.kind == Kind.BATCH and operation.batch_id
    }
    counts = counts_of(services.db, {str(operation.batch_id) for operation in runners.values()}) if runners else {}
    return {
        id_: BatchSummary(Kind(operation.input["action"]), sum(counts[str(operation.batch_id)].values()))
        for id_, operation in runners.items()
    }
