"""Makes the secrets that let somebody in, and the hashes by which we know them again. Must never store or log one.

A secret has 256 random bits, so a plain SHA-256 of it cannot be guessed back, and finding its hash by an index
tells nobody who tries how near they were.
"""

from __future__ import annotations

import hashlib
import re
import secrets

# Marks ours for programs that look for secrets in places where none should be.
TOKEN_PREFIX = "sailpass_"  # noqa: S105  (what every token begins with is no secret)
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


def is_plausible(secret: str) -> bool:
    """Whether it could be one of ours at all; what is not is never looked for."""
    return _SHAPE.fullmatch(secret) is not None
