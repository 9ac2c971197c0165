"""Finds the services whose roles or tags changed between two readings, and marks what this concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.due import mark_naming, mark_services
from app.inventory.models import SeenService

Roles = tuple[bool, str, str]


def mark_changed(
    session: Session, connection: str, region: str, rows: Sequence[Mapping[str, Any]], *, whole: bool = False
) -> None:
    """Mark what must be judged again, by `rows` that are about to be kept.

    These are the repositories whose policy names a service or role that changed, and the services whose role or tags
    changed. `whole`: the rows are all services of the Region, so a known one that is not among them is gone.
    """
    service = SeenService
    columns = (service.name, service.role_active, service.role_arn, service.general_arn, service.facts)
    query = select(*columns).where(service.connection == connection, service.region == region)
    if not whole:
        query = query.where(service.name.in_([row["name"] for row in rows]))
    stored: dict[str, Roles] = {}
    tags: dict[str, Any] = {}
    for name, active, role, general, facts in session.execute(query):
        stored[name], tags[name] = (active, role, general), facts.get("tags")
    seen: dict[str, Roles] = {row["name"]: (row["role_active"], row["role_arn"], row["general_arn"]) for row in rows}
    changed = {name for name, roles in seen.items() if stored.get(name) != roles}
    retagged = {row["name"] for row in rows if tags.get(row["name"]) != row["facts"].get("tags")}
    mark_services(session, connection, region, changed | retagged)
    if whole:
        changed |= stored.keys() - seen.keys()
    if changed:
        roles = {role for name in changed for each in (stored.get(name), seen.get(name)) if each for role in each[1:]}
        mark_naming(session, connection, region, changed, roles - {""})
