"""Finds the services whose roles changed between two readings, and marks the repositories that this concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inventory.due import mark_naming
from app.inventory.models import SeenService

Roles = tuple[bool, str, str]


def mark_changed_roles(
    session: Session, connection: str, region: str, rows: Sequence[Mapping[str, Any]], *, whole: bool = False
) -> None:
    """Mark the repositories whose policy names a service or role that `rows`, about to be kept, show changed.

    `whole`: the rows are all services of the Region, so a known one that is not among them is gone.
    """
    service = SeenService
    wanted = select(service.name, service.role_active, service.role_arn, service.general_arn).where(
        service.connection == connection, service.region == region
    )
    if not whole:
        wanted = wanted.where(service.name.in_([row["name"] for row in rows]))
    known: dict[str, Roles] = {name: (active, role, general) for name, active, role, general in session.execute(wanted)}
    seen: dict[str, Roles] = {row["name"]: (row["role_active"], row["role_arn"], row["general_arn"]) for row in rows}
    changed = {name for name, roles in seen.items() if known.get(name) != roles}
    if whole:
        changed |= known.keys() - seen.keys()
    if changed:
        roles = {role for name in changed for each in (known.get(name), seen.get(name)) if each for role in each[1:]}
        mark_naming(session, connection, region, changed, roles - {""})
