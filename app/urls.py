"""URLs of servers: for display without user or password, and in their parts. Imports nothing of ours (tests/test_architecture.py)."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

HIDDEN = "***"
_PLAIN = re.compile(r"[!-~]*")
# Query parameters that PostgreSQL's drivers treat as secrets.
_SECRET = re.compile(r"((?:^|[?&])(?:password|sslpassword|user)=)[^&#]*", re.IGNORECASE)


def without_password(url: str) -> str:
    """Return `url` with everything hidden that may be a user or password, also if it is not a valid URL."""
    head, at, tail = url.rpartition("@")
    if at:
        scheme, separator, _ = head.partition("://")
        tail = f"{scheme}://{HIDDEN}@{tail}" if separator else f"{HIDDEN}@{tail}"
    return _SECRET.sub(rf"\g<1>{HIDDEN}", tail)


def server_address(url: str) -> SplitResult | None:
    """Return the parts of a server's URL; None for what is none of a server that speaks HTTP.

    Only the host may have other letters than ASCII's: an HTTP request takes no others after it.
    """
    try:
        address = urlsplit(url)
        valid = address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
        (address.hostname or "").encode("idna")  # labels that no name server takes
    except ValueError:
        return None
    return address if valid and _PLAIN.fullmatch("".join(address[2:])) else None
