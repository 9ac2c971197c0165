"""The base of every page: a view names its templates, so that a route only calls `render(request, view)`."""

from __future__ import annotations

from typing import ClassVar

from app.web.trails import Crumb, trail_to
from app.wording import Message


class View:
    """The context of a template. `page` is the whole page; `partial` is the part that htmx requests get."""

    page: ClassVar[str]
    partial: ClassVar[str] = ""


class DialogView(View):
    """A dialog: its partial fills the page's `<dialog>`; without scripts it is a page of its own.

    `back` is the page that it leads back to.
    """

    page: ClassVar[str] = "pages/dialog.html"

    heading: Message
    back: str

    @property
    def trail(self) -> tuple[Crumb, ...]:
        """The pages above it, where it is a page of its own."""
        return trail_to(self.back)
