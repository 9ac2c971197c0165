"""Judges the repositories whose access may have changed, and keeps what was found. Never asks AWS."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.orm import Session

from app.db import Database
from app.findings.check_services import forget_gone_services, has_gone_services, is_about_gone
from app.findings.judge import Judged, JudgedRepository, NamedService, Removal, judge, worst
from app.findings.kept import Key, replace_of_repositories
from app.findings.models import Dismissal, KeptFinding
from app.history.removals import standing_removals
from app.inventory import due
from app.inventory.deployed_images import ImageUse, images_by_repository
from app.inventory.models import OUTDATED, PolicyPrincipal, SeenRepository, SeenService
from app.inventory.registries import registries_in
from app.policy.finding import Severity
from app.policy.layers import NOT_READ, RegistryPolicy

LIMIT = 200
"""Repositories that are judged in one transaction."""

# Findings about a repository that nothing but the service brings about: no policy need name it.
_OF_THE_SERVICE = ("finding.access_removed", "finding.image_gone", "finding.image_archived")

RECHECK_AFTER = timedelta(minutes=10)
"""How long a judgement holds that depends on the date."""


@dataclass(frozen=True)
class _Due:
    subject: JudgedRepository
    marks: int
    is_outdated: bool


def check_due(db: Database, connection: str, now: datetime, *, limit: int = LIMIT) -> int:
    """Judge up to `limit` repositories that are due and return how many. Blocks; may be repeated by many replicas."""
    with db.read() as session:
        repositories, registries = _due(session, connection, limit)
    if not repositories:
        return 0
    judged = {key: judge(each.subject, registries.get(key[0], NOT_READ), now) for key, each in repositories.items()}
    with db.write() as session:
        _keep(session, connection, judged, repositories, now)
    return len(repositories)


def mark_expired(db: Database, connection: str, now: datetime) -> None:
    """Let the repositories be judged again whose judgement held only until now, or was about a service that is gone."""
    with db.read() as session:
        row = SeenRepository
        expired = select(row.name).where(row.connection == connection, row.recheck_at <= now).limit(1)
        has_expired = session.scalar(expired) is not None
        gone = session.execute(_about_gone_services(connection)).all()
        has_gone = has_gone_services(session, connection)
    if not has_expired and not gone and not has_gone:
        return
    with db.write() as session:
        due.mark_expired(session, connection, now)
        forget_gone_services(session, connection)
        for region, name in gone:
            due.mark(session, connection, region, [name])


def _about_gone_services(connection: str) -> Select[str, str]:
    """Return the repositories with a finding about a service that is gone: no policy names it, so none marks them."""
    row = KeptFinding
    removed = (row.connection == connection, row.code.in_(_OF_THE_SERVICE), is_about_gone())
    return select(row.region, row.repository).where(*removed).distinct()


def _due(session: Session, connection: str, limit: int) -> tuple[dict[Key, _Due], Mapping[str, RegistryPolicy]]:
    row = SeenRepository
    query = (
        select(
            row.region,
            row.name,
            row.arn,
            row.registry_id,
            row.policy_text,
            row.check_due,
            OUTDATED.label("is_outdated"),
        )
        .where(row.connection == connection, row.check_due > 0, row.policy_read_at.is_not(None))
        .order_by(row.region, row.name)
        .limit(limit)
    )
    rows = session.execute(query).all()
    if not rows:
        return {}, {}
    names: dict[str, list[str]] = defaultdict(list)
    for each in rows:
        names[each.region].append(each.name)
    services: dict[Key, tuple[NamedService, ...]] = {}
    removals: dict[Key, list[Removal]] = defaultdict(list)
    images: dict[Key, tuple[ImageUse, ...]] = {}
    for region, in_region in names.items():
        services_by_name = _known_services(session, connection, region)
        services |= _services(session, connection, region, in_region, services_by_name)
        deployed = images_by_repository(session, connection, region, in_region)
        images |= {(region, name): uses for name, uses in deployed.items()}
        for entry in standing_removals(session, connection, region, in_region):
            if entry.service in services_by_name:
                seen_at = entry.ended_at or entry.asked_at
                removals[region, entry.repository].append(Removal(entry.service, entry.id, seen_at))
    registries = {region: registry.policy for region, registry in registries_in(session, connection).items()}
    subjects = {
        (each.region, each.name): _Due(
            JudgedRepository(
                each.region,
                each.name,
                each.arn,
                each.registry_id,
                each.policy_text,
                services.get((each.region, each.name), ()),
                tuple(removals[each.region, each.name]),
                images.get((each.region, each.name), ()),
            ),
            each.check_due,
            bool(each.is_outdated),
        )
        for each in rows
    }
    return subjects, registries


def _known_services(session: Session, connection: str, region: str) -> dict[str, NamedService]:
    row = SeenService
    seen = select(row.name, row.role_arn, row.general_arn).where(row.connection == connection, row.region == region)
    return {name: NamedService(name, role, general) for name, role, general in session.execute(seen)}


def _services(
    session: Session, connection: str, region: str, names: Sequence[str], services_by_name: Mapping[str, NamedService]
) -> dict[Key, tuple[NamedService, ...]]:
    """Return the services that each policy names: by a role they have, or by the path of one they had."""
    row = PolicyPrincipal
    principals = session.execute(
        select(row.repository, row.principal, row.service).where(
            row.connection == connection, row.region == region, row.repository.in_(names)
        )
    )
    by_role = {role: each.name for each in services_by_name.values() for role in (each.role, each.general_role) if role}
    named: dict[str, set[str]] = defaultdict(set)
    for repository, principal, of_path in principals:
        service = by_role.get(principal, of_path)
        if service in services_by_name:
            named[repository].add(service)
    return {
        (region, name): tuple(services_by_name[service] for service in sorted(chosen)) for name, chosen in named.items()
    }


def _keep(
    session: Session, connection: str, judged: Mapping[Key, Judged], judged_as: Mapping[Key, _Due], now: datetime
) -> None:
    """Write what was found, save where something changed meanwhile: that repository is judged again."""
    row = SeenRepository
    locked = (
        select(row.region, row.name, row.check_due)
        .where(row.connection == connection, tuple_(row.region, row.name).in_(sorted(judged)))
        .order_by(row.region, row.name)  # two writers take their locks in one order
        .with_for_update()
    )
    current = sorted(
        (region, name) for region, name, count in session.execute(locked) if judged_as[region, name].marks == count
    )
    if not current:
        return
    dismissed = _dismissed(session, connection, current, now)
    kept_findings = [finding for key in current for finding in judged[key].findings]
    replace_of_repositories(session, connection, current, kept_findings, now)
    rows = [
        {
            "connection": connection,
            "region": region,
            "name": name,
            **_summary(judged[region, name], dismissed, now, is_outdated=judged_as[region, name].is_outdated),
        }
        for region, name in current
    ]
    session.execute(update(row), rows)


def _summary(judged: Judged, dismissed: Mapping[str, datetime], now: datetime, *, is_outdated: bool) -> dict[str, Any]:
    open_findings = [finding for finding in judged.findings if finding.id not in dismissed]
    severity = worst(open_findings)
    has_findings = severity in (Severity.ERROR, Severity.WARNING)
    without = "unread" if is_outdated else "none" if judged.size == 0 else "fine"  # an older policy clears nothing
    ends = [dismissed[finding.id] for finding in judged.findings if finding.id in dismissed]
    if judged.timed:
        ends.append(now + RECHECK_AFTER)
    return {
        "policy_size": judged.size,
        "state": "findings" if has_findings else without,
        "severity": severity,
        "finding_count": sum(finding.severity is not Severity.INFO for finding in open_findings),
        "pullers": judged.pullers.to_json() if judged.pullers else None,
        "checked_at": now,
        "check_due": 0,
        "recheck_at": min(ends, default=None),
    }


def _dismissed(session: Session, connection: str, keys: Iterable[Key], now: datetime) -> dict[str, datetime]:
    row = Dismissal
    query = select(row.id, row.until).where(
        row.connection == connection, tuple_(row.region, row.repository).in_(sorted(keys)), row.until > now
    )
    return {dismissal.id: dismissal.until for dismissal in session.execute(query)}
