"""Which IAM principals exist, from when and until when, independent of policies."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from app.sandbox import ids

ACCOUNT = re.compile(r"\d{12}")
IAM_ARN = re.compile(
    r"arn:aws:iam::(\d{12}):(root|(?:user|role|federated-user|saml-provider|oidc-provider)/[\w+=,.@:/-]+)"
)
STS_ARN = re.compile(r"arn:aws:sts::(\d{12}):(?:assumed-role/[\w+=,.@-]+/[\w+=,.@-]+|federated-user/[\w+=,.@-]+)")
LIGHTSAIL_ROLE = re.compile(r"arn:aws:iam::\d{12}:role/amazon/lightsail/")


@dataclass(slots=True)
class Principal:
    """A principal's lifetime: ECR knows it from `known_from` until `dies_at` (seconds since 1970)."""

    arn: str
    known_from: float
    dies_at: float = math.inf


class Principals:
    """Every role of Lightsail, and each ordinary principal that was declared deleted.

    Ordinary accounts are not modelled: their roots, roles and users count as existing unless declared deleted.
    Lightsail's own roles exist only if they were created here. Nothing exists in a closed account, though policies
    still name it by its ARN.
    """

    def __init__(self) -> None:
        self.by_arn: dict[str, Principal] = {}
        self.closed_accounts: set[str] = set()
        self.deaths = 0

    def born(self, arn: str, known_from: float) -> None:
        self.by_arn[arn] = Principal(arn, known_from)

    def dies(self, arn: str, at: float) -> None:
        """Delete the ARN at the time `at`: from then on policies that name it read back with its unique id."""
        self.by_arn.setdefault(arn, Principal(arn, -math.inf)).dies_at = at
        self.deaths += 1

    def exists(self, arn: str, now: float) -> bool:
        """Return whether a policy may name this ARN now."""
        if self.closed_accounts and _account_of(arn) in self.closed_accounts:
            return False
        principal = self.by_arn.get(arn)
        if principal is None:
            return not LIGHTSAIL_ROLE.match(arn) and bool(IAM_ARN.fullmatch(arn) or STS_ARN.fullmatch(arn))
        return principal.known_from <= now < principal.dies_at

    def is_dead(self, arn: str, now: float) -> bool:
        """Return whether it existed and is deleted, so that AWS no longer accepts its credentials."""
        principal = self.by_arn.get(arn)
        return principal is not None and now >= principal.dies_at

    def as_read(self, arn: str, now: float) -> str:
        """Return the text in a policy for this ARN when it is read now."""
        principal = self.by_arn.get(arn)
        return ids.unique_id(arn) if principal and now >= principal.dies_at else arn

    def is_mortal(self, arn: str) -> bool:
        """Return whether the ARN's deletion is scheduled, so that its text in policies changes."""
        principal = self.by_arn.get(arn)
        return principal is not None and principal.dies_at != math.inf


def _account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) > 4 else ""
