"""What a verdict on a pull goes by: which policies were read and when, and what can't be read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.errors import Problem
from app.web.pages import Said


class Access(StrEnum):
    """Our verdict on a service's access to a repository."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"  # a condition of the policy decides at the time of the pull
    PARTLY = "partly"  # one of the two actions only
    DENIED = "denied"  # named, and yet explicitly denied
    WRONG_ROLE = "wrong_role"  # the service's general principal is named instead of its image puller role
    STALE = "stale"  # names an earlier role of this service, which is dead
    INACTIVE = "role_inactive"  # the policy is right, the role is off
    NOT_ALLOWED = "not_allowed"  # nothing in the policy is about this service
    UNREAD = "unread"  # the policy has not been read yet
    UNREADABLE = "unreadable"  # AWS refused to show it, or it is not a policy


class RegistryState(StrEnum):
    """What is known of a registry policy."""

    READ = "read"  # and evaluated
    NONE = "none"  # there is no registry policy
    SCOPE_V1 = "scope_v1"  # it doesn't apply to pulls
    SCOPE_UNKNOWN = "scope_unknown"  # it may not apply to pulls
    REFUSED = "refused"  # a permission is missing
    UNREADABLE = "unreadable"  # AWS's answer was another error
    NOT_READ = "not_read"


@dataclass(frozen=True)
class Registry:
    """A Region's registry policy as a verdict uses it: `what` in words, `read_at` None where it was never read.

    `problem` is what kept the last try from reading it; an older policy is then used.
    """

    state: RegistryState
    what: Said
    read_at: datetime | None = None
    problem: Problem | None = None


@dataclass(frozen=True)
class Evidence:
    """What a verdict at `now` was reached by. `limits` say what else may decide and wasn't evaluated."""

    registry: Registry
    now: datetime
    limits: tuple[Said, ...] = ()
