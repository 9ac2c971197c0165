"""A finding about access: what it is, where, how bad, and what repairs it. Pure; holds no prose."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.policy.finding import Severity

RANKS = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
"""The order of severities, the worst first."""


class Repair(StrEnum):
    """The operation that puts a finding right, where one does; its values are kinds of operations."""

    REPAIR = "repair"
    PRUNE = "prune"
    NONE = ""


@dataclass(frozen=True)
class AccessFinding:
    """Something wrong or suspicious about access to one repository, or about a container service (`repository` "").

    `code` is a key of `messages.WORDS` and `params` fill it. `service` is the container service that it keeps from pulling
    or that it is about, "" for none. `statement` is the statement's index in the repository policy (from 0). `since` is
    when it began, where that is known; else it began before it was first seen. Among the params, a `reference` is the tag
    or digest of the image that it is about, an `operation` the entry of the history that recorded it, and a `basis` stands
    for the statements that it goes by (`basis.py`).
    """

    region: str
    repository: str
    code: str
    severity: Severity
    service: str = ""
    principal: str = ""
    params: Mapping[str, str | int] = field(default_factory=dict)
    statement: int | None = None
    repair: Repair = Repair.NONE
    since: datetime | None = None

    @property
    def id(self) -> str:
        """The same for the same matter in the same repository, however often the policy changes around it.

        Who dismisses a finding has seen no other statement, and no worse severity: those are other matters.
        """
        key = f"{self.region}\n{self.repository}\n{self.code}\n{self.severity}\n{self.service}\n{self.principal}"
        for name in ("reference", "operation", "stack", "sid", "action", "basis"):
            if value := self.params.get(name):
                key += f"\n{value}"
        return hashlib.sha256(key.encode()).hexdigest()[:20]
