"""The private ECR registry of an account in one region: its policy, and what that is evaluated for. Changes neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from app.aws.clients import Clients
from app.aws.ecr import text_or_none
from app.aws.errors import Call
from app.aws.ports import Answered

POLICY_SCOPE: Final = "REGISTRY_POLICY_SCOPE"


@dataclass(frozen=True)
class EcrRegistry:
    """`ports.Registry` over boto's client."""

    service: ClassVar = "ecr"

    clients: Clients
    region: str

    def get_policy(self) -> Answered[str | None]:
        """Return the policy text, None only if ECR says that there is none (ecr:GetRegistryPolicy)."""
        call = Call("ecr", "GetRegistryPolicy", self.region)
        return text_or_none(self.clients, call, "policyText", "registry.no_policy")

    def get_policy_scope(self) -> Answered[str]:
        """Return the value of the account setting (ecr:GetAccountSetting)."""
        call = Call("ecr", "GetAccountSetting", self.region)
        answered = self.clients.answer(call, "value", name=POLICY_SCOPE)
        return Answered(answered.value["value"], answered.request_id)
