"""Who AWS takes us for. Must never ask for credentials."""

from __future__ import annotations

from dataclasses import dataclass

from app.aws.clients import Clients
from app.aws.errors import Call
from app.aws.ports import Answered, Caller


@dataclass(frozen=True)
class StsIdentity:
    """`ports.Identity` over boto's client, at the endpoint of one region."""

    clients: Clients
    region: str

    def caller(self) -> Answered[Caller]:
        """Account and ARN of the credentials in use (sts:GetCallerIdentity, which needs no permission)."""
        answered = self.clients.answer(Call("sts", "GetCallerIdentity", self.region), "Account")
        return Answered(Caller(answered.value["Account"], answered.value.get("Arn", "")), answered.request_id)
