"""One request to the sandbox, parsed: who asks for which operation, in which region, with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

DEFAULT_ACCOUNT = "123456789012"
USER = "mika"


@dataclass(slots=True)
class Call:
    """A request with a known caller. `stale_read` is a fault asked of its handler; the outcome is for the log."""

    service: str
    operation: str
    params: dict[str, Any]
    account: str
    region: str
    request_id: str
    at: float = 0.0
    stale_read: bool = False
    outcome: str = ""
    status: int = 0

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def caller(self) -> str:
        return f"arn:aws:iam::{self.account}:user/{USER}"

    @property
    def resource(self) -> str:
        """The ARN that a denial of this call names."""
        if self.service == "ecr":
            registry = self.params.get("registryId") or self.account
            name = self.params.get("repositoryName") or "*"
            return f"arn:aws:ecr:{self.region}:{registry}:repository/{name}"
        return f"arn:aws:{self.service}:{self.region}:{self.account}:*"
