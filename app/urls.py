"""URLs as they may be shown: never with a user or password. Must never import anything of ours."""

from __future__ import annotations

import re

HIDDEN = "***"
# What PostgreSQL's drivers take as secrets in a URL's query.
_SECRET = re.compile(r"((?:^|[?&])(?:password|sslpassword|user)=)[^&#]*", re.IGNORECASE)


def without_password(url: str) -> str:
    """`url` with whatever may be a user or password hidden, also where it is no valid URL."""
    head, at, tail = url.rpartition("@")
    if at:
        scheme, separator, _ = head.partition("://")
        tail = f"{scheme}://{HIDDEN}@{tail}" if separator else f"{HIDDEN}@{tail}"
    return _SECRET.sub(rf"\g<1>{HIDDEN}", tail)
