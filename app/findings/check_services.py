"""Judges the services about which something changed, and keeps what was found. Never asks AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, exists, select, tuple_, update
from sqlalchemy.orm import Session

from app.db import Database
from app.findings.judge_service import STACK_TAG, ServiceSubject, judge_service
from app.findings.kept import Key, replace_of_services
from app.findings.models import KeptFinding
from app.history.activations import last_activations
from app.inventory.deployed_images import images_by_service
from app.inventory.models import SeenService

LIMIT = 200
"""Services that are judged in one transaction."""

# A role's ARN is first seen between the call that activates the role and the deadline of the wait for it.
_SEEN_BEFORE, _SEEN_WITHIN = timedelta(minutes=1), timedelta(minutes=20)


@dataclass(frozen=True)
class _Due:
    subject: ServiceSubject
    marks: int


def check_due_services(db: Database, connection: str, now: datetime) -> int:
    """Judge up to `LIMIT` services that are due and return how many. Blocks; may be repeated by many replicas."""
    with db.read() as session:
        services = _due(session, connection)
    if not services:
        return 0
    judged = {key: judge_service(each.subject) for key, each in services.items()}
    with db.write() as session:
        current = _lock_unchanged(session, connection, services)
        findings = [finding for key in current for finding in judged[key]]
        replace_of_services(session, connection, current, findings, now)
        _settle(session, connection, current, now)
    return len(services)


def forget_gone_services(session: Session, connection: str) -> None:
    """Delete the findings about services that are gone."""
    session.execute(delete(KeptFinding).where(*_about_gone(connection)))


def has_gone_services(session: Session, connection: str) -> bool:
    """Return whether there are findings about services that are gone."""
    return session.scalar(select(KeptFinding.id).where(*_about_gone(connection)).limit(1)) is not None


def is_about_gone() -> ColumnElement[bool]:
    """Return the condition that the service of a finding is gone."""
    row, service = KeptFinding, SeenService
    is_it = (service.connection == row.connection) & (service.region == row.region) & (service.name == row.service)
    return ~exists().where(is_it)


def _about_gone(connection: str) -> tuple[ColumnElement[bool], ...]:
    return KeptFinding.connection == connection, KeptFinding.known_repository.is_(None), is_about_gone()


def _due(session: Session, connection: str) -> dict[Key, _Due]:
    row = SeenService
    columns = (row.region, row.name, row.role_active, row.role_since, row.facts, row.check_due)
    query = select(*columns).where(row.connection == connection, row.check_due > 0)
    rows = session.execute(query.order_by(row.region, row.name).limit(LIMIT)).all()
    if not rows:
        return {}
    activations = last_activations(session, connection, [(each.region, each.name) for each in rows])
    by_region: dict[str, list[str]] = {}
    for each in rows:
        by_region.setdefault(each.region, []).append(each.name)
    uses = {region: images_by_service(session, connection, region, names) for region, names in by_region.items()}
    return {
        (each.region, each.name): _Due(
            ServiceSubject(
                each.region,
                each.name,
                each.role_active,
                str((each.facts.get("tags") or {}).get(STACK_TAG, "")),
                _activated_at(activations.get((each.region, each.name)), each.role_since),
                uses[each.region].get(each.name, ()),
            ),
            each.check_due,
        )
        for each in rows
    }


def _activated_at(activated_at: datetime | None, role_since: datetime | None) -> datetime | None:
    """Return when Sailpass activated the role that is there now; None where somebody switched it since."""
    if activated_at is None or role_since is None:
        return None
    is_ours = activated_at - _SEEN_BEFORE <= role_since <= activated_at + _SEEN_WITHIN
    return activated_at if is_ours else None


def _lock_unchanged(session: Session, connection: str, services: Mapping[Key, _Due]) -> Sequence[Key]:
    """Return the services about which nothing changed while they were judged; the others are judged again."""
    row = SeenService
    locked = (
        select(row.region, row.name, row.check_due)
        .where(row.connection == connection, tuple_(row.region, row.name).in_(sorted(services)))
        .order_by(row.region, row.name)
        .with_for_update()
    )
    return [(region, name) for region, name, marks in session.execute(locked) if services[region, name].marks == marks]


def _settle(session: Session, connection: str, keys: Sequence[Key], now: datetime) -> None:
    row = SeenService
    rows = [
        {"connection": connection, "region": region, "name": name, "check_due": 0, "checked_at": now}
        for region, name in keys
    ]
    if rows:
        session.execute(update(row), rows)
