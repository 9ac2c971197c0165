"""Finds which service a person means by its name. Must never guess between two."""

from __future__ import annotations

import time
from difflib import get_close_matches

from app.client.api import Api, Json, RequestRefused, ServiceRef
from app.errors import Problem

# Seconds to let a server that has just started read its regions for the first time.
PATIENCE = 15.0
PAUSE = 0.2
# What is answered where a region has no such repository.
ELSEWHERE = frozenset({"repository.not_found", "repository.of_other_region", "request.invalid"})


def find_service(api: Api, name: str, region: str = "") -> Json:
    """The one service of that name.

    Raises:
        Problem: `service.ambiguous`, `service.unknown`.
        Refused: as the API says, where a region is named.
    """
    if region:
        return _in_region(api, ServiceRef(region, name))
    api.transport.read((), policies=False)
    listed = _listed(api)
    matches: list[Json] = [each for each in listed["services"] if each["name"] == name]
    if not matches:
        places = (ServiceRef(each["region"], name) for each in listed["regions"])
        matches = [each for each in (_asked(api, place) for place in places) if each]
    where = ", ".join(each["region"] for each in (matches or listed["regions"]))
    if not matches:
        raise _unknown(name, where, [each["name"] for each in listed["services"]])
    if len(matches) > 1:
        raise Problem("service.ambiguous", service=name, regions=where)
    return matches[0]


def find_service_named_by(api: Api, repository: str, name: str, region: str = "") -> Json:
    """The one service of that name; one that is deleted where the policy of `repository` names it still.

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


def _names(api: Api, place: ServiceRef, repository: str) -> bool:
    """Whether there is something to remove from the repository's policy."""
    try:
        return bool(api.preview(place, "revoke", repository)["needed"])
    except RequestRefused as refused:
        if refused.code in ELSEWHERE:
            return False
        raise


def _listed(api: Api) -> Json:
    """All services, once every region has been read, or could not be."""
    end = time.monotonic() + PATIENCE
    while True:
        listed = api.services()
        waiting = any(each["read_at"] is None and each["reading"] for each in listed["regions"])
        if not waiting or time.monotonic() >= end:
            return listed
        time.sleep(PAUSE)


def _asked(api: Api, place: ServiceRef) -> Json | None:
    """The service if AWS has it there: one that was made just now is in no list yet."""
    try:
        return api.service(place)
    except RequestRefused as refused:
        if refused.code in ("service.not_found", "request.invalid"):
            return None
        raise


def _in_region(api: Api, place: ServiceRef) -> Json:
    try:
        return api.service(place)
    except RequestRefused as refused:
        if refused.code not in ("service.not_found", "request.invalid"):
            raise
        names = [service["name"] for service in api.services()["services"] if service["region"] == place.region]
        raise _unknown(place.service, place.region, names) from refused


def _unknown(name: str, regions: str, names: list[str]) -> Problem:
    nearest = get_close_matches(name.lower(), dict.fromkeys(names), n=3)
    if nearest:
        return Problem("service.unknown_but", service=name, regions=regions, nearest=", ".join(nearest))
    return Problem("service.unknown", service=name, regions=regions)
