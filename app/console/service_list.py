"""Which container services a list shows, in which order, and which page of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.console.services import ServiceSummary


class AccessFilter(StrEnum):
    """Services by what is known of their access."""

    BROKEN = "broken"  # an error keeps them from at least one repository
    ALLOWED = "allowed"  # they can pull from at least one repository
    NONE = "none"  # they can pull from none
    UNKNOWN = "unknown"  # not every policy was read


class Sort(StrEnum):
    """What services are ordered by; then by name and Region."""

    NAME = "name"
    REGION = "region"
    STATE = "state"
    BROKEN = "broken"


@dataclass(frozen=True)
class ServiceFilter:
    """Which services; "" or None for any."""

    region: str = ""
    state: str = ""
    access: AccessFilter | None = None
    sort: Sort = Sort.NAME


def fitting(services: Sequence[ServiceSummary], wanted: ServiceFilter) -> list[ServiceSummary]:
    """Return the services that pass a filter, in its order."""
    return sorted((each for each in services if _fits(each, wanted)), key=lambda each: _key(each, wanted.sort))


def access_of(summary: ServiceSummary) -> set[AccessFilter]:
    """Return the filters that a service passes."""
    if summary.can_pull is None:
        return {AccessFilter.UNKNOWN}
    found = {AccessFilter.ALLOWED if summary.can_pull else AccessFilter.NONE}
    return found | {AccessFilter.BROKEN} if summary.broken else found


def _fits(summary: ServiceSummary, wanted: ServiceFilter) -> bool:
    service = summary.service
    if (wanted.region and service.region != wanted.region) or (wanted.state and service.state != wanted.state):
        return False
    return wanted.access is None or wanted.access in access_of(summary)


def _key(summary: ServiceSummary, sort: Sort) -> tuple[int | str, str, str]:
    service = summary.service
    first: dict[Sort, int | str] = {
        Sort.NAME: "",
        Sort.REGION: service.region,
        Sort.STATE: service.state,
        Sort.BROKEN: -(summary.broken or 0),
    }
    return first[sort], service.name, service.region
