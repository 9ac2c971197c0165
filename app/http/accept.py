"""What a client accepts, by its Accept-Language or Accept-Encoding header (RFC 9110, section 12.4.2). Pure."""

from __future__ import annotations

import re

LONGEST = 200
VALUE = re.compile(r"\s*(?P<name>[^\s;]+)\s*(;\s*q=(?P<weight>[01](\.\d{0,3})?)\s*)?")


def accepted(header: str) -> list[str]:
    """Return the values that a header accepts, the most preferred first; without those of weight 0, or without sense."""
    values = [value for part in header[:LONGEST].split(",") if (value := VALUE.fullmatch(part))]
    weights = {value["name"]: float(value["weight"] or 1) for value in values}
    return sorted((name for name in weights if weights[name]), key=lambda name: -weights[name])
