"""Who AWS takes us for. Must never ask for credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from app.aws.clients import Clients
from app.aws.errors import Call
from app.aws.ports import Answered, CallerIdentity

# Where to ask when no region is configured: any will do.
FALLBACK_REGION: Final = "us-east-1"


@dataclass(frozen=True)
class StsIdentity:
    """`ports.Identity` over boto's client."""

    service: ClassVar = "sts"

    clients: Clients

    def caller(self) -> Answered[CallerIdentity]:
        """Account and ARN of the credentials in use (sts:GetCallerIdentity, which needs no permission)."""
        region = self.clients.default_region() or FALLBACK_REGION
        answered = self.clients.answer(Call("sts", "GetCallerIdentity", region), "Account")
        return Answered(CallerIdentity(answered.value["Account"], answered.value.get("Arn", "")), answered.request_id)
