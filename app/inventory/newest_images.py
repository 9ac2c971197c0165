"""The tags of each repository's newest image, as far as somebody looked for them. Does not call AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select

from app.db import Database, insert_into
from app.errors import Problem
from app.inventory.models import NewestImage, SeenRepository
from app.keys import RepositoryKey

MOST_TAGS = 5
"""Tags of one image that are kept."""


@dataclass(frozen=True)
class NewestTags:
    """The tags of the newest image that can be pulled, as of `read_at` (None: not known); none: there is no such image.

    `problem` is why they could not be told at `tried_at`; the tags are older ones then.
    """

    tags: tuple[str, ...] = ()
    pushed_at: datetime | None = None
    read_at: datetime | None = None
    tried_at: datetime | None = None
    problem: Problem | None = None


def newest_tags(
    tags: Sequence[str] | None,
    pushed_at: datetime | None,
    read_at: datetime | None,
    tried_at: datetime | None,
    problem: Mapping[str, Any] | None,
) -> NewestTags:
    """Return the columns of a row, or of none."""
    return NewestTags(
        tuple(tags or ()), pushed_at, read_at, tried_at, Problem.from_json(dict(problem)) if problem else None
    )


def remember_newest(db: Database, repository: RepositoryKey, newest: NewestTags, at: datetime) -> None:
    """Store what a read at `at` showed, or (`problem`) why it showed nothing. An older read changes nothing."""
    row = NewestImage
    values: dict[str, Any] = {"tried_at": at, "problem": newest.problem.to_json() if newest.problem else None}
    if newest.problem is None:
        values |= {"tags": list(newest.tags[:MOST_TAGS]), "pushed_at": newest.pushed_at, "read_at": at}
    key = {"connection": repository.connection, "region": repository.region, "repository": repository.name}
    is_known = exists().where(*repository.of(SeenRepository, SeenRepository.name))
    with db.write() as session:
        if not session.scalar(select(is_known)):
            return
        statement = insert_into(session, row).values({"tags": [], **key, **values})
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["connection", "region", "repository"], set_=values, where=row.tried_at <= at
            )
        )
