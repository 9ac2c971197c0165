"""Stores findings in place of those that were kept of the same repositories or services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select, tuple_
from sqlalchemy.orm import Session

from app.findings.finding import RANKS, AccessFinding
from app.findings.models import KeptFinding

Key = tuple[str, str]


def replace_of_repositories(
    session: Session, connection: str, repositories: Iterable[Key], findings: Iterable[AccessFinding], now: datetime
) -> None:
    """Store the findings of these repositories, by Region and name."""
    row = KeptFinding
    kept = (row.connection == connection, tuple_(row.region, row.known_repository).in_(sorted(repositories)))
    _replace(session, connection, kept, findings, now, in_repository=True)


def replace_of_services(
    session: Session, connection: str, services: Iterable[Key], findings: Iterable[AccessFinding], now: datetime
) -> None:
    """Store the findings about these services alone, by Region and name."""
    row = KeptFinding
    about = tuple_(row.region, row.service).in_(sorted(services))
    kept = (row.connection == connection, row.known_repository.is_(None), about)
    _replace(session, connection, kept, findings, now, in_repository=False)


def _replace(
    session: Session,
    connection: str,
    kept: Sequence[ColumnElement[bool]],
    findings: Iterable[AccessFinding],
    now: datetime,
    *,
    in_repository: bool,
) -> None:
    row = KeptFinding
    since = {kept_row.id: kept_row.since for kept_row in session.execute(select(row.id, row.since).where(*kept))}
    if since:
        session.execute(delete(row).where(*kept))
    rows = [
        {
            "connection": connection,
            "id": finding.id,
            "region": finding.region,
            "repository": finding.repository,
            "known_repository": finding.repository if in_repository else None,
            "service": finding.service,
            "code": finding.code,
            "severity": str(finding.severity),
            "rank": RANKS[finding.severity],
            "principal": finding.principal,
            "params": dict(finding.params),
            "statement": finding.statement,
            "repair": str(finding.repair),
            "since": finding.since or min(since.get(finding.id, now), now),
        }
        for finding in findings
    ]
    if rows:
        session.execute(insert(row), rows)
