"""The IAM permissions that a person needs, and what checking them found. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.errors import Problem
from app.web.pages import Said, View


@dataclass(frozen=True)
class IamPolicy:
    """One policy ready to paste: `key` is a stable anchor such as "complete-any"."""

    key: str
    title: Said
    what: Said
    text: str


@dataclass(frozen=True)
class CheckedAction:
    """One AWS action as it was tried. `allowed` None: it could not be told, `why` says so."""

    action: str
    allowed: bool | None
    needed_for: Said | None = None
    why: Said | str = ""


@dataclass(frozen=True)
class Check:
    """What Check permissions found; `statement` is the IAM statement that would add what is missing, "" if nothing is.

    `problem` is what kept AWS from being asked at all; it is told once, not for each action.
    """

    region: str
    actions: tuple[CheckedAction, ...]
    statement: str = ""
    problem: Problem | None = None

    @property
    def missing(self) -> int:
        """How many actions were refused."""
        return sum(action.allowed is False for action in self.actions)

    @property
    def unknown(self) -> int:
        """For how many actions AWS could not be asked."""
        return sum(action.allowed is None and bool(action.why) for action in self.actions)


@dataclass(frozen=True)
class PermissionsPage(View):
    """GET /permissions?region=…&names=…; POST /permissions/check answers the same page with a `check`.

    `names` are the repositories that the reader named (GET field `names`, separated by spaces or commas); the
    policies are already made for them, the account and the region. `account` is "" while unknown: then they are made
    for the account `example`, to be replaced by hand.
    """

    page: ClassVar[str] = "pages/permissions.html"
    partial: ClassVar[str] = "partials/permission_check.html"

    regions: tuple[str, ...]
    region: str
    names: tuple[str, ...]
    policies: tuple[IamPolicy, ...]
    account: str = ""
    example: str = ""
    check: Check | None = None
