"""Which policy denied a call, from AWS's text of an AccessDenied. Pure; takes time linear in the text's length.

AWS's text has one form: `User: ARN is not authorized to perform: ACTION on resource: ARN`, then either `because no
TYPE allows the ACTION action` or `with an explicit deny in a TYPE`, since 2025 followed by the policy's ARN. Some
services leave the second half out. (IAM User Guide, "Troubleshooting access denied error messages".)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Longer than any text of AWS's; the rest is ignored.
LONGEST: Final = 4_000
_ACTION: Final = re.compile(r"[a-z0-9-]{1,64}:[A-Za-z0-9*]{1,128}")
_RESOURCE: Final = re.compile(r"[!-~]{1,512}")
_PERFORM: Final = "not authorized to perform:"
_RESOURCE_OF: Final = "on resource:"
_EXPLICIT: Final = "with an explicit deny"
_IMPLICIT: Final = "because no "

NOT_ALLOWED: Final = "not_allowed"
EXPLICIT_DENY: Final = "explicit_deny"
# AWS's name of each kind of policy, and our reason for it. Only an identity-based policy can also be the missing one.
_KINDS: Final = {
    "identity-based policy": "identity_deny",
    "service control policy": "service_control_policy",
    "resource control policy": "resource_control_policy",
    "permissions boundary": "permissions_boundary",
    "session policy": "session_policy",
    "VPC endpoint policy": "vpc_endpoint_policy",
    "resource-based policy": "resource_policy",
}


@dataclass(frozen=True)
class Denial:
    """What was denied, "" if unknown, and why: `NOT_ALLOWED`, `EXPLICIT_DENY`, or the kind of policy that denies."""

    action: str
    resource: str
    reason: str


def denial_of(message: str) -> Denial:
    """Return what AWS's text says."""
    text = " ".join(message[:LONGEST].split())
    _, marker, rest = text.partition(_PERFORM)
    if not marker:
        return Denial("", "", _reason(text))
    action = rest.lstrip().partition(" ")[0].rstrip(".,")
    before, about, after = rest.partition(_RESOURCE_OF)
    resource = after.lstrip().partition(" ")[0].strip('"').rstrip(".,") if about and len(before) <= 200 else ""
    return Denial(
        action if _ACTION.fullmatch(action) else "",
        resource if _RESOURCE.fullmatch(resource) else "",
        _reason(rest),
    )


def _reason(text: str) -> str:
    _, explicit, deny = text.partition(_EXPLICIT)
    if explicit:
        return _kind(deny[:60]) or EXPLICIT_DENY
    _, implicit, lack = text.partition(_IMPLICIT)
    kind = _kind(lack[:60]) if implicit else ""
    return NOT_ALLOWED if kind in ("", "identity_deny") else kind


def _kind(text: str) -> str:
    """Return the reason for the kind of policy that comes first in a text."""
    positions = [(at, reason) for kind, reason in _KINDS.items() if (at := text.find(kind)) >= 0]
    return min(positions)[1] if positions else ""
