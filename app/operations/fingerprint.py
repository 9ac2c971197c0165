"""Short fingerprints of policies and of planned changes, to compare what is done with what was previewed. Pure."""

from __future__ import annotations

from hashlib import sha256

from app.policy.canonical import canonical
from app.policy.change import PlannedChange

PLACEHOLDER = (
    "arn:aws:iam::000000000000:role/amazon/lightsail/{region}/containers/{service}/private-repo-access/NOT-YET-KNOWN"
)
"""The placeholder in a preview for the principal ARN of a role that is not active yet."""


def fingerprint(text: str | None) -> str:
    """Return the same value for all texts that ECR would return for one policy; "" for no policy."""
    return "" if text is None else _digest(canonical(text))


def change_fingerprint(change: PlannedChange) -> str:
    """Return the fingerprint of a change: the policy it was planned on, and the resulting policy."""
    return _of(change.before, change.after)


def matches(shown: str, change: PlannedChange, *, principal: str, placeholder: str) -> bool:
    """Return whether a preview with the fingerprint `shown` showed this change.

    A preview made before the role was activated has `placeholder` where the change has the role's `principal`.
    """
    if shown == change_fingerprint(change):
        return True
    if not principal or change.after is None:
        return False
    return shown == _of(change.before, change.after.replace(principal, placeholder))


def is_of(shown: str, before: str | None, after: str | None) -> bool:
    """Return whether a preview with the fingerprint `shown` showed the change from `before` to `after`."""
    return shown == _of(before, after)


def _of(before: str | None, after: str | None) -> str:
    return _digest(f"{canonical(before)}\n{canonical(after)}")


def _digest(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()[:32]
