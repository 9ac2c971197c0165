"""One parsed request to the sandbox: its caller, operation, region and parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.sandbox.identity import Identity, own_user

DEFAULT_ACCOUNT = "123456789012"
# ECR's operations without a repository: IAM has no resource for them but `*`.
REGISTRY_OPERATIONS = frozenset(
    {"GetRegistryPolicy", "PutRegistryPolicy", "DeleteRegistryPolicy", "GetAccountSetting", "PutAccountSetting"}
)


@dataclass(slots=True)
class Call:
    """A request with a known caller.

    `caller_identity` is the caller, None for the account's own user. `host` is the Host of the request. `stale_read` is
    a fault for its handler; the outcome is for the log.
    """

    service: str
    operation: str
    params: dict[str, Any]
    account: str
    region: str
    request_id: str
    caller_identity: Identity | None = None
    host: str = ""
    at: float = 0.0
    stale_read: bool = False
    outcome: str = ""
    status: int = 0

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def identity(self) -> Identity:
        return self.caller_identity or own_user(self.account)

    @property
    def caller(self) -> str:
        """The ARN by which AWS names the caller."""
        return self.identity.session_arn

    @property
    def resource(self) -> str:
        """The ARN that a denial of this call names."""
        if self.operation in REGISTRY_OPERATIONS:
            return "*"
        if "resourceArn" in self.params:
            return str(self.params["resourceArn"])
        if self.service == "ecr":
            registry = self.params.get("registryId") or self.account
            name = self.params.get("repositoryName") or "*"
            return f"arn:aws:ecr:{self.region}:{registry}:repository/{name}"
        return f"arn:aws:{self.service}:{self.region}:{self.account}:*"
