"""Callers: the account's own user with any access key, or a principal with its own credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.sandbox import ids
from app.sandbox.principals import LIGHTSAIL_ROLE

USER = "mika"
SESSION = "sandbox"


@dataclass(frozen=True, slots=True)
class Identity:
    """A principal that calls.

    Args:
        arn: of the user or role, as policies name it.
        is_temporary: whether it calls with credentials that the control route handed out. Only then does the sandbox
            know all keys of a request (see `request_context`).
        context: condition keys of its requests that are overridden; None removes a key.
    """

    arn: str
    is_temporary: bool = False
    context: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def name(self) -> str:
        """The name without path."""
        return self.arn.rpartition("/")[2]

    @property
    def type(self) -> str:
        """The value of `aws:PrincipalType`."""
        kind = self.arn.split(":")[5].partition("/")[0]
        return {"user": "User", "root": "Account"}.get(kind, "AssumedRole")

    @property
    def session_arn(self) -> str:
        """The ARN of the caller in STS and in errors."""
        if self.type != "AssumedRole" or self.is_session:
            return self.arn
        return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{SESSION}"

    @property
    def is_session(self) -> bool:
        """Whether it is one session of a role and not the role."""
        return self.arn.startswith("arn:aws:sts:")

    @property
    def principal_arn(self) -> str:
        """The value of `aws:PrincipalArn`: for a session, its role's (a session's ARN lacks the role's path)."""
        return f"arn:aws:iam::{self.account}:role/{self.arn.split('/')[1]}" if self.is_session else self.arn

    @property
    def user_id(self) -> str:
        if self.type == "Account":
            return self.account
        unique = ids.unique_id(self.arn)
        return f"{unique}:{SESSION}" if self.type == "AssumedRole" else unique

    @property
    def is_lightsail_role(self) -> bool:
        """Whether it is one of Lightsail's roles, which AWS only lets pull images."""
        return bool(LIGHTSAIL_ROLE.match(self.arn))


def own_user(account: str) -> Identity:
    """Return the user who calls with any access key of the account."""
    return Identity(f"arn:aws:iam::{account}:user/{USER}")
