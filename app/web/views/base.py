"""The base of every page: a view names its templates, so that a route only calls `render(request, view)`."""

from __future__ import annotations

from typing import ClassVar

from app.wording import Message


class View:
    """The context of a template. `page` is the whole page; `partial` is the part that htmx requests get."""

    page: ClassVar[str]
    partial: ClassVar[str] = ""


class DialogView(View):
    """A dialog: its partial fills the page's `<dialog>`; without scripts it is a page of its own."""

    page: ClassVar[str] = "pages/dialog.html"

    heading: Message
