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


def fitting(services: Sequence[ServiceSummary], criteria: ServiceFilter) -> list[ServiceSummary]:
    """Return the services that pass a filter, in its order."""
    return sorted((each for each in services if _fits(each, criteria)), key=lambda each: _key(each, criteria.sort))


def access_of(summary: ServiceSummary) -> set[AccessFilter]:
    """Return the filters that a service passes."""
    if summary.can_pull is None:
        return {AccessFilter.UNKNOWN}
    access = {AccessFilter.ALLOWED if summary.can_pull else AccessFilter.NONE}
    return access | {AccessFilter.BROKEN} if summary.broken else access


def _fits(summary: ServiceSummary, criteria: ServiceFilter) -> bool:
    service = summary.service
    if (criteria.region and service.region != criteria.region) or (criteria.state and service.state != criteria.state):
        return False
    return criteria.access is None or criteria.access in access_of(summary)


def _key(summary: ServiceSummary, sort: Sort) -> tuple[int | str, str, str]:
    service = summary.service
    first: dict[Sort, int | str] = {
        Sort.NAME: "",
        Sort.REGION: service.region,
        Sort.STATE: service.state,
        Sort.BROKEN: -(summary.broken or 0),
    }
    return first[sort], service.name, service.region
