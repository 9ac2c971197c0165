"""Finds the service that a person names. An ambiguous name is an error."""

from __future__ import annotations

import time
from difflib import get_close_matches

from app.client.api import Api, Json, RequestRefused, ServiceRef
from app.errors import Problem

# Seconds that a server that has just started gets to read its regions for the first time.
PATIENCE = 15.0
PAUSE = 0.2
# The codes returned if a region has no such repository.
ELSEWHERE = frozenset({"repository.not_found", "repository.of_other_region", "request.invalid"})


def find_service(api: Api, name: str, region: str = "") -> Json:
    """Return the one service of that name.

    Raises:
        Problem: `service.ambiguous`, `service.unknown`.
        RequestRefused: as the API says, if a region is given.
    """
    if region:
        return _in_region(api, ServiceRef(region, name))
    api.transport.read((), policies=False)
    listed = list_services(api)
    matches: list[Json] = [each for each in listed["services"] if each["name"] == name]
    if not matches:
        service_refs = (ServiceRef(each["region"], name) for each in listed["regions"])
        matches = [each for each in (_asked(api, service_ref) for service_ref in service_refs) if each]
    where = ", ".join(each["region"] for each in (matches or listed["regions"]))
    if not matches:
        raise _unknown(name, where, [each["name"] for each in listed["services"]])
    if len(matches) > 1:
        raise Problem("service.ambiguous", service=name, regions=where)
    return matches[0]


def find_service_named_by(api: Api, repository: str, name: str, region: str = "") -> Json:
    """Return the one service of that name, or a deleted one that the policy of `repository` still names.

    Raises:
        Problem: as `find_service`.
    """
    try:
        return find_service(api, name, region)
    except Problem as problem:
        if not problem.code.startswith("service.unknown"):
            raise
        regions = [region] if region else [each["region"] for each in api.services()["regions"]]
        naming = [each for each in regions if _names(api, ServiceRef(each, name), repository)]
        if not naming:
            raise
        if len(naming) > 1:
            raise Problem("service.ambiguous", service=name, regions=", ".join(naming)) from problem
        return {"region": naming[0], "name": name}


def _names(api: Api, service_ref: ServiceRef, repository: str) -> bool:
    """Return whether there is something to remove from the repository policy."""
    try:
        return bool(api.preview(service_ref, "revoke", repository)["needed"])
    except RequestRefused as refused:
        if refused.code in ELSEWHERE:
            return False
        raise


def list_services(api: Api) -> Json:
    """Return all services with how fresh each region is, once every region has been read or has failed.

    A server that still reads after `PATIENCE` leaves regions unread.
    """
    end = time.monotonic() + PATIENCE
    while True:
        listed = api.services()
        waiting = any(each["read_at"] is None and each["reading"] for each in listed["regions"])
        if not waiting or time.monotonic() >= end:
            return listed
        time.sleep(PAUSE)


def _asked(api: Api, service_ref: ServiceRef) -> Json | None:
    """Return the service if AWS has it there: a new one is not in any list yet."""
    try:
        return api.service(service_ref)
    except RequestRefused as refused:
        if refused.code in ("service.not_found", "request.invalid"):
            return None
        raise


def _in_region(api: Api, service_ref: ServiceRef) -> Json:
    try:
        return api.service(service_ref)
    except RequestRefused as refused:
        if refused.code not in ("service.not_found", "request.invalid"):
            raise
        names = [service["name"] for service in api.services()["services"] if service["region"] == service_ref.region]
        raise _unknown(service_ref.service, service_ref.region, names) from refused


def _unknown(name: str, regions: str, names: list[str]) -> Problem:
    nearest = get_close_matches(name.lower(), dict.fromkeys(names), n=3)
    if nearest:
        return Problem("service.unknown_but", service=name, regions=regions, nearest=", ".join(nearest))
    return Problem("service.unknown", service=name, regions=regions)
