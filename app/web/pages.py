"""What every page is made of: the frame around it, sentences still to be translated, how old a fact is. Pure.

A `View` is the whole of what one template shows. Its class names its templates, so that a route says only
`render(request, SomePage(...))`; the template reads it as `view`. Nothing here is in any language yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from app.errors import Problem


class View:
    """The context of a template. `page` is the whole page; `partial` is what an htmx request gets of it."""

    page: ClassVar[str]
    partial: ClassVar[str] = ""


@dataclass(frozen=True)
class Said:
    """A sentence to be said in the reader's language: an English template marked with `N_`, and its values."""

    text: str
    params: Mapping[str, str | int] = field(default_factory=dict)


class DialogView(View):
    """A dialog: its partial fills the one `<dialog>` of the page, and stands on a page of its own without scripts."""

    page: ClassVar[str] = "pages/dialog.html"

    heading: Said


@dataclass(frozen=True)
class Freshness:
    """How old what is shown is.

    `read_at` is when it was last read whole from AWS, None if never. `reading`: it is being read right now, so the
    page looks again by itself. `stale`: it is older than it should be.
    """

    now: datetime
    read_at: datetime | None = None
    reading: bool = False
    stale: bool = False

    @property
    def never(self) -> bool:
        """Nothing is known yet."""
        return self.read_at is None


@dataclass(frozen=True)
class PartFailure:
    """A part of the page that AWS did not let us read, such as one region. What is known of it is shown all the same."""

    part: Said | str
    problem: Problem
    read_at: datetime | None = None


def is_slow(problem: Problem | None) -> bool:
    """Whether AWS kept the page waiting too long, so that the page asks for that part again by itself."""
    return problem is not None and problem.code == "aws.page_slow"


@dataclass(frozen=True)
class Shell:
    """What stands around every page.

    `auth` is the setting ("local", "oidc", "none"); `person` who is signed in, "" for nobody. `account` and
    `caller` are who AWS takes us for, "" while unknown. `sandbox`: AWS is the local sandbox. `problem` is what keeps
    every region from being read.
    """

    auth: str = "local"
    person: str = ""
    account: str = ""
    caller: str = ""
    sandbox: bool = False
    problem: Problem | None = None
