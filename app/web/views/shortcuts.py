"""The pages and actions that the search offers by their names, in the reader's language or in English. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.messages.labels import say
from app.web import links
from app.wording import N_, Message

PAGES = (
    (N_("Containers"), links.CONTAINERS),
    (N_("Repositories"), links.REPOSITORIES),
    (N_("Findings"), links.FINDINGS),
    (N_("Who can pull?"), links.WHO_CAN_PULL),
    (N_("History"), links.HISTORY),
    (N_("Permissions"), links.PERMISSIONS),
    (N_("API reference"), links.API_DOCS),
)
SIGN_INS = (N_("Sign-ins"), links.SIGN_INS)
ACTIONS: tuple[tuple[str, Callable[[str, str], str]], ...] = (
    (N_("Add repository to %(service)s"), lambda region, name: links.repositories(region, name, "new")),
    (N_("Add many repositories to %(service)s"), links.many),
    (N_("Deploy an image to %(service)s"), lambda region, name: links.deployments(region, name, "new")),
    (N_("Why can't %(service)s pull?"), links.why),
)


@dataclass(frozen=True)
class Shortcut:
    """A page or an action. `region` is that of the service that an action is about."""

    text: Message
    url: str
    region: str = ""


def find_pages(query: str, *, signs_in: bool) -> tuple[Shortcut, ...]:
    """Return the pages whose name holds every word of `query`; `signs_in`: there are sign-ins to show."""
    pages = (*PAGES, SIGN_INS) if signs_in else PAGES
    words = _words(query)
    return tuple(Shortcut(Message(text), url) for text, url in pages if _holds(Message(text), words))


def find_actions(query: str, services: Iterable[tuple[str, str]], limit: int) -> tuple[Shortcut, ...]:
    """Return the actions whose name, with the service's, holds every word of `query`; none without a word.

    `services` are Regions and names.
    """
    words = _words(query)
    if not words:
        return ()
    actions: list[Shortcut] = []
    for region, name in services:
        for template, url_of in ACTIONS:
            text = Message(template, {"service": name})
            if _holds(text, words):
                actions.append(Shortcut(text, url_of(region, name), region))
        if len(actions) >= limit:
            break
    return tuple(actions[:limit])


def _words(query: str) -> list[str]:
    return query.casefold().split()


def _holds(text: Message, words: Iterable[str]) -> bool:
    both = f"{text.text % text.params if text.params else text.text}\n{say(text)}".casefold()
    return all(word in both for word in words)
