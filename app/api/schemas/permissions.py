"""The IAM policies that a person needs, and what the current credentials may do."""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import Field

from app.api.schemas.answer import Answer, English
from app.api.strict import RequestBody
from app.console.permissions import CheckedAction, IamPolicy, NeededPermissions
from app.console.permissions import PermissionCheck as CheckedPermissions
from app.messages import labels


class IamPolicyText(Answer):
    """One policy ready to paste."""

    key: str = Field(examples=["complete-any"])
    title: English
    what: English
    document: dict[str, Any]

    @classmethod
    def of(cls, policy: IamPolicy, /, **others: Any) -> Self:
        return super().of(policy, document=json.loads(policy.text), **others)


class Permissions(Answer):
    """The policies for the account, one region and the named repositories, or any."""

    account: str = Field(description="Empty while unknown; the policies then hold an example's.")
    region: str
    repositories: list[str]
    policies: list[IamPolicyText]

    @classmethod
    def of(cls, needed: NeededPermissions, /, **others: Any) -> Self:
        policies = [IamPolicyText.of(policy) for policy in needed.policies]
        return super().of(needed, repositories=needed.names, policies=policies, **others)


class CheckRequest(RequestBody):
    """Where to try: empty for the first configured region and any repository."""

    region: Annotated[str, Field(max_length=32)] = ""
    repositories: list[Annotated[str, Field(max_length=256)]] = Field(default_factory=list, max_length=50)


class ActionTried(Answer):
    """One AWS action that was tried."""

    action: str
    allowed: bool | None = Field(description="Null: AWS's answer leaves it open, as `why` says.")
    needed_for: English
    why: str

    @classmethod
    def of(cls, action: CheckedAction, /, **others: Any) -> Self:
        return super().of(action, why=labels.what(action.problem) if action.problem else "", **others)


class PermissionCheck(Answer):
    """The result, and the IAM policy that would add what is missing (null: nothing is)."""

    region: str
    missing: int
    unknown: int = Field(description="For how many actions AWS could not be asked.")
    actions: list[ActionTried]
    policy: dict[str, Any] | None

    @classmethod
    def of(cls, check: CheckedPermissions, /, **others: Any) -> Self:
        policy = json.loads(check.statement) if check.statement else None
        return super().of(check, actions=[ActionTried.of(action) for action in check.actions], policy=policy, **others)
