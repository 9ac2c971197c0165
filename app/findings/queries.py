"""The list of findings, page by page, and how many there are. Must never write.

How many statements a question sends never depends on how much there is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, exists, func, select, tuple_
from sqlalchemy.orm import Session

from app.db import Database
from app.errors import Problem
from app.findings.dismissals import dismissals_in
from app.findings.finding import RANKS, AccessFinding, Repair
from app.findings.images import CODES as IMAGE_CODES
from app.findings.models import Dismissal, KeptFinding
from app.inventory.deployed_images import unknown_images
from app.inventory.models import OUTDATED, SeenRepository
from app.keys import RepositoryKey
from app.policy.finding import Severity

PAGE = 50

_IS_REPAIRED = and_(KeptFinding.repair == str(Repair.REPAIR), KeptFinding.service != "")


@dataclass(frozen=True)
class DismissedBy:
    """Who dismissed a finding, why, when, and until when."""

    person: str
    reason: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class ListedFinding:
    """A finding with since when it is known, and its dismissal, if it has one that holds.

    `in_repository`: it is about a repository that exists; False: about the service alone.
    """

    finding: AccessFinding
    since: datetime
    dismissal: DismissedBy | None = None
    in_repository: bool = True


@dataclass(frozen=True)
class FindingFilter:
    """Which findings; "" for any. `name` is a part of a repository's or service's name; `dismissed` None: both."""

    severity: str = ""
    region: str = ""
    service: str = ""
    repository: str = ""
    name: str = ""
    dismissed: bool | None = False


@dataclass(frozen=True)
class FindingCursor:
    """A place in the list, behind one finding."""

    rank: int
    repository: str
    region: str
    id: str

    def to_text(self) -> str:
        """Return it as URL text; `from_text` is the inverse."""
        return f"{self.rank}~{self.region}~{self.id}~{self.repository}"

    @classmethod
    def from_text(cls, text: str) -> FindingCursor:
        """Return the place that `to_text` wrote. Raises `request.bad_cursor`."""
        parts = text.split("~", 3)
        if len(parts) < 4:
            raise Problem("request.bad_cursor")
        rank, region, identity, repository = parts
        if rank not in ("0", "1", "2") or not region or not identity:
            raise Problem("request.bad_cursor")
        return cls(int(rank), repository, region, identity)


@dataclass(frozen=True)
class ListedFindings:
    """Some findings, the worst first; `next` is where to continue, None at the end."""

    rows: tuple[ListedFinding, ...]
    next: FindingCursor | None = None


@dataclass(frozen=True)
class FindingCounts:
    """How many findings are open by severity, how many are dismissed, and what isn't known.

    `unread` repositories have a policy that was never read, `outdated` ones one that could not be read at the last try,
    `due` ones are about to be judged (again). Of `unknown_images` that services deploy nobody knows whether ECR has them.
    """

    by_severity: Mapping[str, int] = field(default_factory=dict)
    dismissed: int = 0
    unread: int = 0
    outdated: int = 0
    due: int = 0
    unknown_images: int = 0

    @property
    def open(self) -> int:
        """Those that call for something: errors and warnings."""
        return self.by_severity.get(Severity.ERROR, 0) + self.by_severity.get(Severity.WARNING, 0)


def list_findings(
    db: Database,
    connection: str,
    criteria: FindingFilter,
    now: datetime,
    *,
    after: FindingCursor | None = None,
    limit: int = PAGE,
) -> ListedFindings:
    """Return one page, the worst first, then by repository."""
    row = KeptFinding
    key = (row.rank, row.repository, row.region, row.id)
    statement = select(row).where(*_conditions(connection, criteria, now)).order_by(*key).limit(limit + 1)
    if after is not None:
        statement = statement.where(tuple_(*key) > (after.rank, after.repository, after.region, after.id))
    with db.read() as session:
        kept_rows = session.scalars(statement).all()
        rows = _listed(session, connection, list(kept_rows[:limit]), now)
    more = len(kept_rows) > limit
    last = kept_rows[limit - 1] if more else None
    return ListedFindings(rows, FindingCursor(last.rank, last.repository, last.region, last.id) if last else None)


def findings_of(db: Database, repository: RepositoryKey, now: datetime) -> tuple[ListedFinding, ...]:
    """Return all findings of a repository, the worst first."""
    row = KeptFinding
    of_repository = select(row).where(*repository.of(row, row.repository))
    with db.read() as session:
        rows = session.scalars(of_repository.order_by(row.rank, row.id)).all()
        return _listed(session, repository.connection, list(rows), now)


def find_finding(db: Database, connection: str, finding_id: str, now: datetime) -> ListedFinding:
    """Return one finding. Raises `finding.not_found`."""
    with db.read() as session:
        finding = session.get(KeptFinding, (connection, finding_id))
        if finding is None:
            raise Problem("finding.not_found")
        return _listed(session, connection, [finding], now)[0]


def count_findings(db: Database, connection: str, now: datetime) -> FindingCounts:
    """Return how many findings there are, and how much isn't known."""
    row, repository = KeptFinding, SeenRepository
    by_rank = select(row.rank, func.count()).where(row.connection == connection).group_by(row.rank)
    # By the dismissals, which people make one by one: a test of each finding would take longer than the rest.
    holds = (Dismissal.connection == connection, Dismissal.until > now)
    dismissed = by_rank.join(Dismissal, (Dismissal.connection == row.connection) & (Dismissal.id == row.id))
    unread = select(func.count()).where(repository.connection == connection, repository.policy_read_at.is_(None))
    outdated = select(func.count()).where(repository.connection == connection, OUTDATED)
    due = select(func.count()).where(repository.connection == connection, repository.check_due > 0)
    with db.read() as session:
        every = Counter(dict(session.execute(by_rank).all()))
        hidden = Counter(dict(session.execute(dismissed.where(*holds)).all()))
        return FindingCounts(
            {severity: every[rank] - hidden[rank] for severity, rank in RANKS.items() if every[rank] > hidden[rank]},
            hidden.total(),
            session.scalar(unread) or 0,
            session.scalar(outdated) or 0,
            session.scalar(due) or 0,
            session.scalar(unknown_images(connection)) or 0,
        )


def _is_dismissed(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    row, dismissal = KeptFinding, Dismissal
    return exists().where(dismissal.connection == row.connection, dismissal.id == row.id, dismissal.until > now)


# Built once, since every page asks: building a statement takes longer than running it.
OPEN = select(func.count()).where(
    KeptFinding.connection == bindparam("at_connection"),
    KeptFinding.rank < 2,
    ~_is_dismissed(bindparam("now", type_=Dismissal.until.type)),
)


def count_open(db: Database, connection: str, now: datetime) -> int:
    """Return how many errors and warnings are open."""
    with db.read() as session:
        return session.scalar(OPEN, {"at_connection": connection, "now": now}) or 0


def repairable(
    db: Database, connection: str, now: datetime, regions: Collection[str]
) -> tuple[tuple[str, str, str], ...]:
    """Return the Region, service and repository of each access that an open finding says Repair access puts right."""
    row = KeptFinding
    query = select(row.region, row.service, row.repository).where(*_open(connection, now, regions), _IS_REPAIRED)
    with db.read() as session:
        rows = session.execute(query.distinct().order_by(row.region, row.service, row.repository)).all()
    return tuple((each.region, each.service, each.repository) for each in rows)


def not_repairable(
    db: Database, connection: str, now: datetime, regions: Collection[str], *, limit: int
) -> tuple[tuple[ListedFinding, ...], int]:
    """Return the open errors and warnings that Repair access doesn't put right, the worst first, and how many there are."""
    row = KeptFinding
    conditions = (*_open(connection, now, regions), row.rank < 2, ~_IS_REPAIRED)
    query = select(row).where(*conditions).order_by(row.rank, row.repository, row.region, row.id).limit(limit)
    with db.read() as session:
        count = session.scalar(select(func.count()).where(*conditions)) or 0
        return _listed(session, connection, list(session.scalars(query)), now), count


def broken_by_service(db: Database, connection: str, now: datetime) -> dict[tuple[str, str], int]:
    """Return in how many repositories an error is about the access of each service, by its Region and name."""
    row = KeptFinding
    about_access = (row.service != "", row.code.not_in(IMAGE_CODES))
    query = (
        select(row.region, row.service, func.count(row.repository.distinct()))
        .where(row.connection == connection, row.rank == 0, *about_access, ~_is_dismissed(now))
        .group_by(row.region, row.service)
    )
    with db.read() as session:
        return {(region, service): count for region, service, count in session.execute(query)}


def _open(connection: str, now: datetime, regions: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    row = KeptFinding
    return row.connection == connection, ~_is_dismissed(now), row.region.in_(regions)


def _conditions(connection: str, criteria: FindingFilter, now: datetime) -> Iterator[ColumnElement[bool]]:
    row = KeptFinding
    yield row.connection == connection
    exact = {
        row.severity: criteria.severity,
        row.region: criteria.region,
        row.service: criteria.service,
        row.repository: criteria.repository,
    }
    yield from (column == value for column, value in exact.items() if value)
    if criteria.name:
        part = criteria.name.lower()  # as AWS's names are, whose case is then not changed for the search
        yield row.repository.contains(part, autoescape=True) | row.service.contains(part, autoescape=True)
    if criteria.dismissed is not None:
        yield _is_dismissed(now) if criteria.dismissed else ~_is_dismissed(now)


def _listed(session: Session, connection: str, rows: list[KeptFinding], now: datetime) -> tuple[ListedFinding, ...]:
    dismissals = dismissals_in(session, connection, [row.id for row in rows], now)
    return tuple(
        ListedFinding(_finding(row), row.since, _dismissed(dismissals.get(row.id)), row.known_repository is not None)
        for row in rows
    )


def _dismissed(row: Dismissal | None) -> DismissedBy | None:
    return DismissedBy(row.dismissed_by, row.reason, row.dismissed_at, row.until) if row else None


def _finding(row: KeptFinding) -> AccessFinding:
    return AccessFinding(
        row.region,
        row.repository,
        row.code,
        Severity(row.severity),
        row.service,
        row.principal,
        row.params,
        row.statement,
        Repair(row.repair),
        row.since,
    )
