"""What every page is made of: a view names its templates, so that a route only says `render(request, view)`."""

from __future__ import annotations

from typing import ClassVar

from app.wording import Message


class View:
    """The context of a template. `page` is the whole page; `partial` is what an htmx request gets of it."""

    page: ClassVar[str]
    partial: ClassVar[str] = ""


class DialogView(View):
    """A dialog: its partial fills the one `<dialog>` of the page, and stands on a page of its own without scripts."""

    page: ClassVar[str] = "pages/dialog.html"

    heading: Message
