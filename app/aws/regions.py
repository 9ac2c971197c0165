"""Which regions have Lightsail, as the SDK's own data tells, and what may be meant by a name that is none of them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.errors import Problem

_ZONE: Final = re.compile(r"([a-z]{2}(?:-[a-z]{1,20}){1,3}-\d{1,2})[a-z]")
NEAREST: Final = 3


def region_problem(region: str, endpoints: Mapping[str, Any]) -> Problem | None:
    """Why nothing can be looked for in a region; None where Lightsail is offered.

    Args:
        region: a name as somebody typed it.
        endpoints: the SDK's `endpoints` data.

    Returns:
        `aws.no_lightsail` for a region of AWS's without it, `aws.unknown_region` for a name that is no region's; both
        with the `nearest` names that would do.
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
