"""The list of all repositories with who can pull, page by page, from what was kept when each policy was judged.

No policy is read for it: a page of a connection with 10,000 repositories costs what one with ten costs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, tuple_

from app.db import Database
from app.errors import Problem
from app.inventory.models import NewestImage, SeenRepository
from app.inventory.newest_images import NewestTags, newest_tags
from app.inventory.queries import is_named
from app.keys import RepositoryKey

PAGE = 50
STATES = ("unread", "none", "fine", "findings")
"""What is known of a policy: never read, there is none, nothing wrong, something wrong or suspicious."""

_row = SeenRepository
_NEWEST = (
    NewestImage.tags,
    NewestImage.pushed_at,
    NewestImage.read_at,
    NewestImage.tried_at,
    NewestImage.problem,
)
_COLUMNS = (
    _row.region,
    _row.name,
    _row.uri,
    _row.created_at,
    _row.policy_read_at,
    _row.policy_tried_at,
    _row.policy_problem,
    _row.policy_size,
    _row.state,
    _row.severity,
    _row.finding_count,
    _row.pullers,
    _row.check_due,
    *_NEWEST,
)
_LISTED = select(*_COLUMNS).outerjoin(
    NewestImage,
    and_(
        NewestImage.connection == _row.connection,
        NewestImage.region == _row.region,
        NewestImage.repository == _row.name,
    ),
)


@dataclass(frozen=True)
class RepositoryFilter:
    """Which repositories; "" for any. `name` is a part of the name, in any case; `state` one of `STATES`."""

    name: str = ""
    region: str = ""
    state: str = ""


@dataclass(frozen=True)
class RepositoryCursor:
    """A place in the list, behind one repository."""

    name: str
    region: str

    def to_text(self) -> str:
        """Return it as URL text; `from_text` is the inverse."""
        return f"{self.region}~{self.name}"

    @classmethod
    def from_text(cls, text: str) -> RepositoryCursor:
        """Return the place that `to_text` wrote. Raises `request.bad_cursor`."""
        region, _, name = text.partition("~")
        if not region or not name:
            raise Problem("request.bad_cursor")
        return cls(name, region)


@dataclass(frozen=True)
class ListedRepository:
    """A repository as the list shows it.

    `state` is "unread" until its policy was judged for the first time. `pullers` is `findings.judge.Pullers` as JSON,
    None where nobody knows. `problem` kept the policy from being read at the last try, or from being understood.
    `is_due`: something changed since it was judged. `newest`: the tags of the newest image, as far as they are known.
    """

    region: str
    name: str
    uri: str
    created_at: datetime | None
    policy_read_at: datetime | None
    policy_tried_at: datetime | None
    problem: Problem | None
    policy_size: int | None
    state: str
    severity: str
    finding_count: int
    pullers: Mapping[str, Any] | None
    is_due: bool
    newest: NewestTags = field(default_factory=NewestTags)


@dataclass(frozen=True)
class ListedRepositories:
    """Some repositories by name, then Region. `next`: where to continue, None at the end."""

    rows: tuple[ListedRepository, ...]
    next: RepositoryCursor | None = None


@dataclass(frozen=True)
class RepositoryCounts:
    """How many repositories there are in each state."""

    by_state: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_state.values())


def list_repositories(
    db: Database,
    connection: str,
    criteria: RepositoryFilter,
    *,
    after: RepositoryCursor | None = None,
    limit: int = PAGE,
) -> ListedRepositories:
    """Return one page, by name and Region. Raises `request.bad_state`."""
    statement = _LISTED.where(*_conditions(connection, criteria)).order_by(_row.name, _row.region)
    if after is not None:
        statement = statement.where(tuple_(_row.name, _row.region) > (after.name, after.region))
    with db.read() as session:
        listed_rows = session.execute(statement.limit(limit + 1)).all()
    rows = tuple(_listed(*each) for each in listed_rows[:limit])
    more = len(listed_rows) > limit and bool(rows)
    return ListedRepositories(rows, RepositoryCursor(rows[-1].name, rows[-1].region) if more else None)


def list_repository(db: Database, repository: RepositoryKey) -> ListedRepository | None:
    """Return one repository as the list shows it; None when it has not been seen, or is gone."""
    with db.read() as session:
        listed = session.execute(_LISTED.where(*repository.of(_row, _row.name))).one_or_none()
    return _listed(*listed) if listed else None


def count_repositories(db: Database, connection: str) -> RepositoryCounts:
    """Return how many there are in each state."""
    query = (
        select(_row.state, func.count().label("repositories")).where(_row.connection == connection).group_by(_row.state)
    )
    with db.read() as session:
        return RepositoryCounts({row.state: row.repositories for row in session.execute(query)})


def _conditions(connection: str, criteria: RepositoryFilter) -> Iterator[ColumnElement[bool]]:
    yield _row.connection == connection
    if criteria.region:
        yield _row.region == criteria.region
    if criteria.name:
        yield is_named(criteria.name)
    if criteria.state:
        if criteria.state not in STATES:
            raise Problem("request.bad_state", states=", ".join(STATES))
        yield _row.state == criteria.state


def _listed(*values: Any) -> ListedRepository:
    named = dict(zip((column.key for column in _COLUMNS), values, strict=True))
    problem = named.pop("policy_problem")
    due = named.pop("check_due")
    newest = newest_tags(*(named.pop(column.key) for column in _NEWEST))
    return ListedRepository(
        **named, problem=Problem.from_json(problem) if problem else None, is_due=due > 0, newest=newest
    )
