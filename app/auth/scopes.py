"""What a token may do, by the method and path of a request. Pure. What isn't listed here is refused."""

from __future__ import annotations

import re
from enum import StrEnum

API = "/api/"
METRICS = "/metrics"

# No route answers OPTIONS; it is told which methods there are.
_READING = frozenset({"GET", "HEAD", "OPTIONS"})
_CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Sent as POST because they take a body; they change nothing, neither here nor at AWS
# (except an image's last pull time in ECR, when its manifest is read).
_READ_BY_POST = re.compile(
    r"/api/v1/(?:services/[^/]+/[^/]+/(?:preview|why|deployments/preview|role/deactivate/preview|repositories/as-code"
    r"|repositories/images/platform)|operations/[^/]+/preview|batches/preview|findings/repair/preview"
    r"|repositories/prune/preview|permissions/check)"
)


class Scope(StrEnum):
    """What a token is for; each scope includes the one before it."""

    METRICS = "metrics"
    READ = "read"
    CHANGE = "change"


def permits(scope: Scope | None, method: str, path: str) -> bool:
    """Return whether a token of this scope may send such a request; False without a scope."""
    if scope is None:
        return False
    if path == METRICS:
        return method in _READING
    if not path.startswith(API):
        return False
    if method in _READING or (method == "POST" and _READ_BY_POST.fullmatch(path)):
        return scope in (Scope.READ, Scope.CHANGE)
    return scope is Scope.CHANGE and method in _CHANGING
