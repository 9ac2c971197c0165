"""The IAM policies that a person needs, and what the present credentials may do."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, Field

from app.api.strict import RequestBody
from app.console.permissions import NeededPermissions
from app.console.permissions import PermissionCheck as CheckedPermissions
from app.messages import labels


class IamPolicyText(BaseModel):
    """One policy ready to paste."""

    key: str = Field(examples=["complete-any"])
    title: str
    what: str
    document: dict[str, Any]


class Permissions(BaseModel):
    """The policies for the account, one region and the named repositories, or any."""

    account: str = Field(description="Empty while unknown; the policies then hold an example's.")
    region: str
    repositories: list[str]
    policies: list[IamPolicyText]

    @classmethod
    def of(cls, page: NeededPermissions) -> Permissions:
        return cls(
            account=page.account,
            region=page.region,
            repositories=list(page.names),
            policies=[
                IamPolicyText(
                    key=policy.key,
                    title=labels.say(policy.title),
                    what=labels.say(policy.what),
                    document=json.loads(policy.text),
                )
                for policy in page.policies
            ],
        )


class CheckRequest(RequestBody):
    """Where to try: empty for the first configured region and any repository."""

    region: Annotated[str, Field(max_length=32)] = ""
    repositories: list[Annotated[str, Field(max_length=256)]] = Field(default_factory=list, max_length=50)


class ActionTried(BaseModel):
    """One AWS action as it was tried."""

    action: str
    allowed: bool | None = Field(description="Null: AWS's answer leaves it open, as `why` says.")
    needed_for: str
    why: str


class PermissionCheck(BaseModel):
    """What was found, and the IAM policy that would add what is missing (null: nothing is)."""

    region: str
    missing: int
    unknown: int = Field(description="For how many actions AWS could not be asked.")
    actions: list[ActionTried]
    policy: dict[str, Any] | None

    @classmethod
    def of(cls, check: CheckedPermissions) -> PermissionCheck:
        return cls(
            region=check.region,
            missing=check.missing,
            unknown=check.unknown,
            actions=[
                ActionTried(
                    action=action.action,
                    allowed=action.allowed,
                    needed_for=labels.say(action.needed_for) if action.needed_for else "",
                    why=labels.what(action.problem) if action.problem else "",
                )
                for action in check.actions
            ],
            policy=json.loads(check.statement) if check.statement else None,
        )
