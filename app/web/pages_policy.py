"""A repository's policy as AWS holds it, in plain words, and by hand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from app.console.access import Access
from app.console.freshness import is_slow
from app.errors import Problem
from app.operations.progress import Progress
from app.web.pages import View
from app.web.pages_operation import Commands
from app.wording import Said


class Weight(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Reader:
    """Somebody whom the policy lets pull, or keeps from it. `allowed` None: it depends, as `how` says."""

    who: Said
    allowed: bool | None
    how: Said
    value: str = ""


@dataclass(frozen=True)
class FindingView:
    """Something worth knowing about the policy, and what to do about it."""

    what: Said
    todo: Said | None = None
    weight: Weight = Weight.INFO


@dataclass(frozen=True)
class ByHand:
    """What a person does who wants to do it without us: the finished policy and the commands of each system.

    `what` says which of our buttons does the same. `activates`: the role has to be activated first, so the policy's principal is a placeholder. `mended`: the policy as
    it stands is broken, and this is it made whole.
    """

    what: Said
    policy_text: str
    commands: tuple[Commands, ...]
    activates: bool = False
    mended: bool = False


@dataclass(frozen=True)
class PolicyPage(View):
    """GET /containers/{region}/{service}/policy?repository=…; `partial` once more where AWS was slow.

    `text` is the policy, pretty; None when the repository has none (or, with a `problem`, when it could not be read).
    `dead` are principals that can't exist; `can_prune`: it names one of them, or one that ECR refused. `size` is how many
    characters the policy takes when it is sent.
    """

    page: ClassVar[str] = "pages/policy.html"
    partial: ClassVar[str] = "partials/policy_body.html"

    region: str
    service: str
    repository: str
    uri: str
    access: Access
    now: datetime
    text: str | None = None
    reason: Said | None = None
    read_at: datetime | None = None
    readers: tuple[Reader, ...] = ()
    findings: tuple[FindingView, ...] = ()
    by_hand: ByHand | None = None
    can_add: bool = False
    can_remove: bool = False
    can_repair: bool = False
    dead: tuple[str, ...] = ()
    can_prune: bool = False
    size: int = 0
    size_limit: int = 10240
    problem: Problem | None = None
    running: Progress | None = None

    @property
    def slow(self) -> bool:
        """AWS kept the page waiting."""
        return is_slow(self.problem)
