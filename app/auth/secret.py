"""Makes the secrets of links, sessions and tokens, and the hashes by which they are recognized. Stores and logs none.

A secret has 256 random bits, so a plain SHA-256 of it isn't reversible, and looking its hash up by an index tells
whoever guesses nothing about how near they were. For the same reason a part of the hash may be shown as an id.
"""

from __future__ import annotations

import hashlib
import re
import secrets

# Marks ours for programs that look for secrets in places where none should be.
TOKEN_PREFIX = "sailpass_"  # noqa: S105  (what every token begins with is no secret)
SHORT_ID = 12
_SHAPE = re.compile(rf"(?:{TOKEN_PREFIX})?[A-Za-z0-9_-]{{43}}")


def new_secret() -> str:
    """A secret for a link or a session: 43 characters that need no quoting in a URL or a cookie."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """A secret for a program."""
    return TOKEN_PREFIX + new_secret()


def fingerprint(secret: str) -> str:
    """What is stored of a secret: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def short_id(hashed: str) -> str:
    """What people see of a link or a session in place of its secret: the beginning of its hash."""
    return hashed[:SHORT_ID]


def is_plausible(secret: str) -> bool:
    """Whether it could be one of ours; what can't is never looked up."""
    return _SHAPE.fullmatch(secret) is not None
