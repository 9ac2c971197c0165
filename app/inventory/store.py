"""Stores what was seen in AWS, in short transactions. An older read never overwrites a newer one.

Every function may be repeated. `at` is always when the call to AWS was sent: its answer is no older.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Insert, bindparam, case, delete, func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.aws.ports import CallerIdentity, ContainerService, Repository
from app.db import Base, Database, chunks, is_sqlite
from app.inventory.changed_services import mark_changed
from app.inventory.deployed_images import keep_deployed
from app.inventory.due import mark_naming
from app.inventory.models import ConnectionIdentity, SeenRepository, SeenService
from app.inventory.service_json import to_facts
from app.inventory.versions import repositories_changed
from app.keys import RepositoryKey, ServiceKey

# Rows per transaction: storing 100,000 repositories must not keep an operation from writing its step.
CHUNK = 1_000
JUST_SEEN = timedelta(seconds=5)


SERVICE_AT = select(*SeenService.__table__.c).where(
    *(column == bindparam(f"at_{column.name}") for column in SeenService.__table__.primary_key)
)


def remember_caller(db: Database, connection: str, caller: CallerIdentity, at: datetime) -> None:
    """Store the AWS caller identity."""
    row = {"connection": connection, "account": caller.account, "arn": caller.arn, "seen_at": at}
    with db.write() as session:
        upsert(session, ConnectionIdentity, [row])


def remember_services(
    db: Database, connection: str, region: str, services: Iterable[ContainerService], at: datetime
) -> None:
    """Store all services of a region: others there are deleted."""
    listed = tuple(services)
    rows = [_service_row(connection, service, at) for service in listed]
    with db.write() as session:
        mark_changed(session, connection, region, rows, whole=True)
        upsert(session, SeenService, rows)
        keep_deployed(session, connection, region, listed, at)
        session.execute(
            delete(SeenService).where(
                SeenService.connection == connection, SeenService.region == region, SeenService.seen_at < at
            )
        )


def remember_service(db: Database, connection: str, service: ContainerService, at: datetime) -> None:
    """Store one service, whatever else its region holds. Skips the write if it was just seen unchanged."""
    row = _service_row(connection, service, at)
    if not _was_just_seen(db, row):
        with db.write() as session:
            mark_changed(session, connection, service.region, [row])
            upsert(session, SeenService, [row])
            keep_deployed(session, connection, service.region, [service], at)


def forget_service(db: Database, service: ServiceKey, at: datetime) -> None:
    """Delete a service that AWS reports as not found."""
    with db.write() as session:
        mark_naming(session, service.connection, service.region, [service.name], [])
        session.execute(
            delete(SeenService).where(*service.of(SeenService, SeenService.name), SeenService.seen_at <= at)
        )


def remember_repositories(
    db: Database, connection: str, region: str, repositories: Sequence[Repository], at: datetime
) -> None:
    """Store all repositories of a region: others there are deleted. Writes only differences."""
    written = 0
    for chunk in chunks(sorted(repositories, key=lambda item: item.name), CHUNK):
        changed = _changed(db, connection, region, chunk)
        if changed:
            with db.write() as session:
                upsert(session, SeenRepository, [_repository_row(connection, each, at) for each in changed])
                repositories_changed(session, connection, region)
        written += len(changed)
    if written >= CHUNK:
        _plan_anew(db)
    for names in chunks(_gone(db, connection, region, {repository.name for repository in repositories}), CHUNK):
        with db.write() as session:
            session.execute(
                delete(SeenRepository).where(
                    *_in(connection, region), SeenRepository.name.in_(names), _nothing_newer_than(at)
                )
            )
            repositories_changed(session, connection, region)


def remember_repository(db: Database, connection: str, repository: Repository, at: datetime) -> None:
    """Store one repository, whatever else its region holds. What is known of its policy stays."""
    key = RepositoryKey(connection, repository.region, repository.name)
    with db.write() as session:
        is_new = session.scalar(select(SeenRepository.name).where(*key.of(SeenRepository, SeenRepository.name))) is None
        upsert(session, SeenRepository, [_repository_row(connection, repository, at)])
        if is_new:
            repositories_changed(session, connection, repository.region)


def forget_repository(db: Database, repository: RepositoryKey, at: datetime) -> None:
    """Delete a repository that AWS reports as not found."""
    with db.write() as session:
        is_it = repository.of(SeenRepository, SeenRepository.name)
        row = SeenRepository
        gone = session.execute(delete(row).where(*is_it, _nothing_newer_than(at)).returning(row.name)).all()
        if gone:
            repositories_changed(session, repository.connection, repository.region)


def upsert(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Insert the rows, or overwrite those of the same key that were not seen later. Other columns stay."""
    if not rows:
        return
    session.execute(_upserting(model, session.get_bind().dialect.name, tuple(rows[0])), list(rows))


@cache
def _upserting(model: type[Base], dialect: str, columns: tuple[str, ...]) -> Insert:
    table = model.__table__
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)  # type: ignore[arg-type]
    keys = [column.name for column in table.primary_key]
    return insert.on_conflict_do_update(
        index_elements=keys,
        set_={name: _new_value(table, insert, name) for name in columns if name not in keys},
        where=table.c.seen_at <= insert.excluded.seen_at,
    )


def _new_value(table: FromClause, insert: Any, column: str) -> Any:
    """Return what a column gets if the row exists: the newer value, except for how long the role has been this one."""
    if column != "role_since":
        return insert.excluded[column]
    same = table.c.role_arn == insert.excluded.role_arn
    return case((same, func.coalesce(table.c.role_since, insert.excluded.role_since)), else_=insert.excluded.role_since)


def _service_row(connection: str, service: ContainerService, at: datetime) -> dict[str, Any]:
    return {
        "connection": connection,
        "region": service.region,
        "name": service.name,
        "account": service.account,
        "state": service.state,
        "role_active": service.role.is_active,
        "role_arn": service.role.principal_arn,
        "role_since": at,
        "general_arn": service.general_principal_arn,
        "facts": to_facts(service),
        "seen_at": at,
    }


def _was_just_seen(db: Database, row: dict[str, Any]) -> bool:
    """Return whether the service was recently seen with these values."""
    parameters = {f"at_{column.name}": row[column.name] for column in SeenService.__table__.primary_key}
    with db.read() as session:
        stored = session.execute(SERVICE_AT, parameters).mappings().one_or_none()
    if stored is None or not timedelta() <= row["seen_at"] - stored["seen_at"] < JUST_SEEN:
        return False
    return all(stored[name] == value for name, value in row.items() if name not in {"seen_at", "role_since"})


def _repository_row(connection: str, repository: Repository, at: datetime) -> dict[str, Any]:
    return {
        "connection": connection,
        "region": repository.region,
        "name": repository.name,
        "registry_id": repository.registry_id,
        "uri": repository.uri,
        "arn": repository.arn,
        "created_at": repository.created_at,
        "seen_at": at,
    }


def _changed(db: Database, connection: str, region: str, listed: Sequence[Repository]) -> list[Repository]:
    """Return the repositories that are not known, or known with other values."""
    row = SeenRepository
    query = select(row.name, row.registry_id, row.uri, row.arn, row.created_at).where(
        *_in(connection, region), row.name.in_([each.name for each in listed])
    )
    with db.read() as session:
        stored = {name: rest for name, *rest in session.execute(query)}
    return [each for each in listed if stored.get(each.name) != [each.registry_id, each.uri, each.arn, each.created_at]]


def _gone(db: Database, connection: str, region: str, listed: set[str]) -> Iterator[str]:
    after = ""
    while True:
        names = _names_after(db, connection, region, after)
        yield from (name for name in names if name not in listed)
        if not names:
            return
        after = names[-1]


def _plan_anew(db: Database) -> None:
    """Refresh PostgreSQL's statistics: it reads the whole table, as was right when it was small, until they are new.

    Autovacuum does so within minutes; until then, the first read of all policies would be several times as slow.
    """
    if not is_sqlite(db.url):
        with db.write() as session:
            session.execute(text("ANALYZE repositories"))


def _names_after(db: Database, connection: str, region: str, after: str) -> Sequence[str]:
    row = SeenRepository
    page = select(row.name).where(*_in(connection, region), row.name > after).order_by(row.name).limit(10 * CHUNK)
    with db.read() as session:
        return session.scalars(page).all()


def _in(connection: str, region: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SeenRepository.connection == connection, SeenRepository.region == region


def _nothing_newer_than(at: datetime) -> ColumnElement[bool]:
    """Return the condition that neither the repository nor its policy was seen after `at`."""
    read_at = SeenRepository.policy_read_at
    return (SeenRepository.seen_at <= at) & or_(read_at.is_(None), read_at <= at)
