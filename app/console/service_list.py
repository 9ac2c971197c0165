"""Which container services a list shows, in which order, and which page of it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.console.services import ServiceSummary

PAGE = 50


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


@dataclass(frozen=True)
class ServicePage:
    """One page of the services that fit: `number` of `pages`, from 1; `matching` counts all that fit."""

    services: tuple[ServiceSummary, ...]
    matching: int
    number: int
    pages: int


def page_of(services: Sequence[ServiceSummary], wanted: ServiceFilter, number: int, size: int = PAGE) -> ServicePage:
    """Return one page; the nearest where there is none of this number."""
    fitting = sorted((each for each in services if _fits(each, wanted)), key=lambda each: _key(each, wanted.sort))
    pages = max(1, -(-len(fitting) // size))
    at = min(max(1, number), pages)
    return ServicePage(tuple(fitting[(at - 1) * size : at * size]), len(fitting), at, pages)


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
