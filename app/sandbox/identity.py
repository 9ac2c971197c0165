"""Who calls: the account's own user behind any access key, or a principal that was given credentials of its own."""

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
            know all that a request says (see `request_context`).
        context: condition keys of its requests that are other than they would be; None takes a key away.
    """

    arn: str
    is_temporary: bool = False
    context: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.arn.split(":")[4]

    @property
    def name(self) -> str:
        """The name alone, without path."""
        return self.arn.rpartition("/")[2]

    @property
    def type(self) -> str:
        """As `aws:PrincipalType` has it."""
        kind = self.arn.split(":")[5].partition("/")[0]
        return {"user": "User", "root": "Account"}.get(kind, "AssumedRole")

    @property
    def session_arn(self) -> str:
        """The ARN under which STS knows the caller and errors name it."""
        if self.type != "AssumedRole" or self.is_session:
            return self.arn
        return f"arn:aws:sts::{self.account}:assumed-role/{self.name}/{SESSION}"

    @property
    def is_session(self) -> bool:
        """Whether it was given as one session of a role and not as the role."""
        return self.arn.startswith("arn:aws:sts:")

    @property
    def principal_arn(self) -> str:
        """As `aws:PrincipalArn` has it: of a session, its role's (whose path a session's ARN does not tell)."""
        return f"arn:aws:iam::{self.account}:role/{self.arn.split('/')[1]}" if self.is_session else self.arn

    @property
    def user_id(self) -> str:
        if self.type == "Account":
            return self.account
        unique = ids.unique_id(self.arn)
        return f"{unique}:{SESSION}" if self.type == "AssumedRole" else unique

    @property
    def is_lightsail_role(self) -> bool:
        """Whether it is a role of Lightsail's, which AWS lets pull images and do nothing else."""
        return bool(LIGHTSAIL_ROLE.match(self.arn))


def own_user(account: str) -> Identity:
    """Return the user who calls with any access key of the account."""
    return Identity(f"arn:aws:iam::{account}:user/{USER}")
