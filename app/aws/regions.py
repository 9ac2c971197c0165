"""Which regions have Lightsail, according to the SDK's data, and which ones a mistyped name may mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.errors import Problem

_ZONE: Final = re.compile(r"([a-z]{2}(?:-[a-z]{1,20}){1,3}-\d{1,2})[a-z]")
NEAREST: Final = 3


def region_problem(region: str, endpoints: Mapping[str, Any]) -> Problem | None:
    """Return why a region cannot be used; None if Lightsail is offered there.

    Args:
        region: a name as typed.
        endpoints: the SDK's `endpoints` data.

    Returns:
        `aws.no_lightsail` for an AWS region without it, `aws.unknown_region` for a name that is not a region; both with
        the `nearest` valid names.
    """
    offered = frozenset(_with_lightsail(endpoints))
    if region in offered:
        return None
    every = {name for partition in endpoints["partitions"] for name in partition["regions"]}
    code = "aws.no_lightsail" if region in every else "aws.unknown_region"
    return Problem(code, region=region, nearest=", ".join(_nearest(region, sorted(offered))))


def _with_lightsail(endpoints: Mapping[str, Any]) -> Iterator[str]:
    for partition in endpoints["partitions"]:
        yield from partition["services"].get("lightsail", {}).get("endpoints", ())


def _nearest(region: str, offered: list[str]) -> list[str]:
    zone = _ZONE.fullmatch(region)
    if zone and zone[1] in offered:
        return [zone[1]]
    close = difflib.get_close_matches(region[:40].lower(), offered, NEAREST, 0.5)
    return close or [name for name in offered if name[:2] == region[:2].lower()] or offered
