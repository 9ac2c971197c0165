"""The log of a container, as `GetContainerLog` returns it: Lightsail's own lines among the container's. Pure."""

from __future__ import annotations

import base64
import binascii
import math
import re
from typing import Any

from app.sandbox.lightsail_errors import invalid
from app.sandbox.state import Service

KEPT_SECONDS = 3 * 86_400.0  # "Container logs are retained for" 3 days by the guide
PAGE = 100  # not documented
_TERM = re.compile(r'(?P<sign>[-?])?"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<plain>\S+)')


def log_page(service: Service, params: dict[str, Any], now: float) -> dict[str, Any]:
    """Return one page of a container's log, from the oldest event.

    Args:
        service: whose container it is.
        params: `containerName`, `startTime`, `endTime`, `filterPattern` and `pageToken` of the request.
        now: seconds since 1970; older events are deleted after three days.

    Raises:
        AwsError: the page token is invalid.
    """
    start = max(params.get("startTime") or 0, now - KEPT_SECONDS)
    end = min(params.get("endTime") or math.inf, now)
    events = [
        {"createdAt": at, "message": message}
        for at, message in _events(service, params["containerName"])
        if start <= at <= end and is_wanted(message, params.get("filterPattern") or "")
    ]
    first = _first(params.get("pageToken") or "")
    answer: dict[str, Any] = {"logEvents": events[first : first + PAGE]}
    if first + PAGE < len(events):
        answer["nextPageToken"] = base64.urlsafe_b64encode(f"from:{first + PAGE}".encode()).decode()
    return answer


def _events(service: Service, container: str) -> list[tuple[float, str]]:
    events = []
    for deployment in service.deployments:
        if container not in deployment.containers:
            continue
        prefix = f"[deployment:{deployment.version}]"
        events.append((deployment.created_at, f"{prefix} Creating your deployment"))
        events.extend(deployment.log.get(container, []))
        events.append((deployment.ends_at, f"{prefix} {deployment.failure or 'Reached a steady state'}"))
    return sorted(events, key=lambda event: event[0])


def _first(token: str) -> int:
    if not token:
        return 0
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    number = text.removeprefix("from:")
    if number == text or not number.isdecimal():
        raise invalid("The page token is invalid.")
    return int(number)


def is_wanted(message: str, pattern: str) -> bool:
    """Return whether a `filterPattern` matches a message.

    Of its terms, those with `-` must be absent, of those with `?` one is enough, and all others must be there.
    """
    terms = [_term(match) for match in _TERM.finditer(pattern)]
    absent, optional, required = ([text for sign, text in terms if sign == kind] for kind in ("-", "?", ""))
    return (
        not any(text in message for text in absent)
        and all(text in message for text in required)
        and (not optional or any(text in message for text in optional))
    )


def _term(match: re.Match[str]) -> tuple[str, str]:
    """Return a term's sign and text. Inside double quotes everything is text, also spaces and signs."""
    if match["quoted"] is not None:
        return match["sign"] or "", re.sub(r"\\(.)", r"\1", match["quoted"])
    plain = match["plain"]
    return (plain[0], plain[1:]) if plain[0] in "-?" and len(plain) > 1 else ("", plain)
