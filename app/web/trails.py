"""The pages above a dialog that is shown as a page: its breadcrumb. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from app.web import links
from app.wording import N_, Message

_LISTS = {
    links.CONTAINERS: N_("Containers"),
    links.REPOSITORIES: N_("Repositories"),
    links.FINDINGS: N_("Findings"),
    links.SIGN_INS: N_("Sign-ins"),
    "/operations": N_("History"),
    links.BATCHES: N_("History"),
}
_SINGLE = {"/operations": N_("Operation"), links.BATCHES: N_("Batch")}


@dataclass(frozen=True)
class Crumb:
    """A page above, with its address."""

    text: Message | str
    url: str


def trail_to(back: str) -> tuple[Crumb, ...]:
    """Return the pages above a dialog that leads back to `back`, a path of ours, the list first; none for another path."""
    section, _, rest = urlsplit(back).path.lstrip("/").partition("/")
    list_url = f"/{section}"
    if list_url not in _LISTS:
        return ()
    is_history = list_url in _SINGLE
    above = Crumb(Message(_LISTS[list_url]), links.HISTORY if is_history else list_url)
    region, _, name = (unquote(part) for part in rest.partition("/"))
    if is_history and rest:
        return above, Crumb(Message(_SINGLE[list_url]), back)
    if list_url == links.CONTAINERS and name:
        service = name.partition("/")[0]
        return above, Crumb(service, links.service(region, service))
    if list_url == links.REPOSITORIES and name:
        return above, Crumb(name, links.repository(region, name))
    return (above,)
