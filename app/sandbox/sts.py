"""AWS STS, for the caller identity."""

from __future__ import annotations

from typing import Any

from app.sandbox.call import Call
from app.sandbox.state import World


def get_caller_identity(world: World, call: Call) -> dict[str, Any]:  # noqa: ARG001  (the signature of every operation)
    return {"UserId": call.identity.user_id, "Account": call.account, "Arn": call.caller}
