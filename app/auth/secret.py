"""Creates the secrets of links, sessions and tokens, and their hashes. Stores and logs none.

A secret has 256 random bits, so a plain SHA-256 of it isn't reversible, and the timing of an index lookup by the hash
does not help in guessing. For the same reason a part of the hash may be shown as an id.
"""

from __future__ import annotations

import hashlib
import re
import secrets

# Marks tokens as ours for secret scanners.
TOKEN_PREFIX = "sailpass_"  # noqa: S105  (the prefix of every token is no secret)
SHORT_ID = 12
_SHAPE = re.compile(rf"(?:{TOKEN_PREFIX})?[A-Za-z0-9_-]{{43}}")


def new_secret() -> str:
    """Return a secret for a link or a session: 43 characters that need no quoting in a URL or a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Return a secret for a program."""
    return TOKEN_PREFIX + new_secret()


def fingerprint(secret: str) -> str:
    """Return the hash that is stored of a secret: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def short_id(hashed: str) -> str:
    """Return the id that people see of a link or a session: the beginning of its hash."""
    return hashed[:SHORT_ID]


def is_plausible(secret: str) -> bool:
    """Return whether it could be one of ours; anything else is never looked up."""
    return _SHAPE.fullmatch(secret) is not None
