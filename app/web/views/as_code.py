"""A service's access to many repositories as code: in each language, with what to know before it is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from app.bootstrap import Services
from app.console.batch_plans import BatchRequest
from app.console.many_as_code import LeftOut, ManyAsCode
from app.web.views import frame
from app.web.views.base import View
from app.web.views.frame import ServiceFrame, Tab
from app.wording import N_, Message

HEADINGS = {
    "aws": N_("AWS CLI commands"),
    "terraform": N_("Terraform"),
    "cloudformation": N_("CloudFormation"),
}


@dataclass(frozen=True)
class AsCodePage(View):
    """GET …/as-code: a service with all its access; POST /batches/as-code: its access to what was chosen.

    `names` or `match` are what was chosen; both empty: the service with all its access.
    """

    page: ClassVar[str] = "pages/as_code.html"

    frame: ServiceFrame
    codes: tuple[ManyAsCode, ...]
    names: tuple[str, ...] = ()
    match: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it is the service with all its access."""
        return not self.names and not self.match

    @property
    def repositories(self) -> tuple[str, ...]:
        """The repositories in the texts."""
        return self.codes[0].repositories

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """Those that are not."""
        return self.codes[0].left_out

    @property
    def managed(self) -> Message | None:
        """The warning that a tool manages the service or a policy."""
        return self.codes[0].code.managed

    def heading(self, form: str) -> Message:
        """The name of a language."""
        return Message(HEADINGS[form])


def as_code_page(
    services: Services, codes: tuple[ManyAsCode, ...], now: datetime, request: BatchRequest | None = None
) -> AsCodePage:
    """Return the page; `request` is what was chosen, None for a service with all its access."""
    shown = frame.service_frame(services, codes[0].region, codes[0].service, Tab.IMAGES, now)
    if request is None:
        return AsCodePage(shown, codes)
    return AsCodePage(shown, codes, request.repositories, request.match)
