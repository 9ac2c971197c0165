"""Why a service can't pull an image, or why the image doesn't run: the root cause, its fixes, every check. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.errors import Problem
from app.web.pages import Said, View


@dataclass(frozen=True)
class FixView:
    """A fix to copy, in each form that can hold it, and the operation that does it by a button ("" for none)."""

    title: Said
    forms: tuple[tuple[str, str], ...]
    operation: str = ""


@dataclass(frozen=True)
class CauseView:
    """A cause. `is_likely`: it fits best, and isn't proven."""

    code: str
    title: Said
    explanation: Said
    is_likely: bool
    evidence: tuple[Said, ...]
    fixes: tuple[FixView, ...]


@dataclass(frozen=True)
class CheckView:
    """One check, and how it came out."""

    title: Said
    status: str
    status_text: Said
    message: Said


@dataclass(frozen=True)
class OtherView:
    """Another container of the same deployment, and its cause where it has one."""

    container: str
    image: str
    cause: Said | None


@dataclass(frozen=True)
class WhyPage(View):
    """GET /containers/{region}/{service}/why?image=… or ?repository=…; POST with `image` reads the manifest as well.

    `summary` is said where there is no cause. `repository` is the one that the image is in, for its buttons.
    """

    page: ClassVar[str] = "pages/why.html"

    region: str
    service: str
    image: str = ""
    container: str = ""
    repository: str = ""
    summary: Said | None = None
    is_undetermined: bool = False
    causes: tuple[CauseView, ...] = ()
    checks: tuple[CheckView, ...] = ()
    others: tuple[OtherView, ...] = ()
    note: Said | None = None
    can_read_platform: bool = False
    problem: Problem | None = None
