"""What every page is made of: the frame around it, sentences still to be translated, how old a fact is. Pure.

A `View` is the whole of what one template shows. Its class names its templates, so that a route says only
`render(request, SomePage(...))`; the template reads it as `view`. Nothing here is in any language yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from app.errors import Problem
from app.wording import Said


class View:
    """The context of a template. `page` is the whole page; `partial` is what an htmx request gets of it."""

    page: ClassVar[str]
    partial: ClassVar[str] = ""


class DialogView(View):
    """A dialog: its partial fills the one `<dialog>` of the page, and stands on a page of its own without scripts."""

    page: ClassVar[str] = "pages/dialog.html"

    heading: Said


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
