"""A policy text as a short fingerprint, so that what is done can be held against what was shown. Pure."""

from __future__ import annotations

from hashlib import sha256

from app.policy.canonical import canonical


def fingerprint(text: str | None) -> str:
    """The same for texts that ECR would hand out for one policy, whatever the layout; "" for no policy."""
    return "" if text is None else sha256(canonical(text).encode()).hexdigest()[:32]
