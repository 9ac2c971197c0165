"""The search over everything: a page of its own, and the options of the command palette."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from app.bootstrap import Services
from app.console.search import Group, SearchAnswer, search, service_names
from app.history.lookup import RECENT, OperationMatch, OperationMatches
from app.inventory.lookup import Matches
from app.messages import labels
from app.messages.i18n import gettext, ngettext
from app.operations.state import Kind
from app.web import links
from app.web.views.base import View
from app.web.views.shortcuts import Shortcut, find_actions, find_pages
from app.wording import N_, Message

PALETTE_ROWS, PAGE_ROWS, GROUP_ROWS = 5, 10, 100
ACTIONS, PAGES = "actions", "pages"
WHO_CAN_PULL = Message(N_("Who can pull?"))
TITLES = {
    Group.SERVICES: N_("Container services"),
    Group.REPOSITORIES: N_("Repositories"),
    ACTIONS: N_("Actions"),
    PAGES: N_("Pages"),
    Group.PRINCIPALS: N_("Principals"),
    Group.OPERATIONS: N_("Operations"),
    Group.BATCHES: N_("Batches"),
}


@dataclass(frozen=True)
class ResultLine:
    """One result: where it leads, and what tells it from others of its name. `tone` is that of a state."""

    text: Message | str
    url: str
    detail: Message | str = ""
    state: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Section:
    """The results of one group; `more` leads to the rest of them, None where all are shown."""

    name: str
    title: Message
    lines: tuple[ResultLine, ...]
    more: ResultLine | None = None


@dataclass(frozen=True)
class SearchPage(View):
    """GET /search?q=…&kind=…; `partial` are the options of the palette.

    `unread` and `repository` as in `SearchAnswer`. `kind` is the one group that is shown, "" for all. `whole_history`
    False: only the newest `searched` operations were searched by name.
    """

    page: ClassVar[str] = "pages/search.html"
    partial: ClassVar[str] = "partials/search_options.html"

    query: str
    sections: tuple[Section, ...]
    unread: tuple[str, ...] = ()
    whole_history: bool = True
    kind: str = ""
    repository: str = ""
    searched: int = RECENT

    @property
    def said(self) -> str:
        """How many results there are, to be announced."""
        shown = sum(len(section.lines) for section in self.sections)
        return ngettext("%(num)s result", "%(num)s results", shown) % {"num": shown} if shown else gettext("No results")

    @property
    def list_url(self) -> str:
        """Where the whole of the one group is listed page by page, "" where it is all here or has no such list."""
        is_cut = any(section.more for section in self.sections)
        lists = {
            Group.SERVICES: links.containers(self.query),
            Group.REPOSITORIES: links.all_repositories(q=self.repository),
            Group.OPERATIONS: links.history(repository=self.repository),
        }
        return lists.get(Group(self.kind), "") if self.kind and is_cut else ""


def search_page(services: Services, query: str, *, group: Group | None = None, in_palette: bool = False) -> SearchPage:
    """Return what is found of everything, or of one group."""
    limit = GROUP_ROWS if group else PALETTE_ROWS if in_palette else PAGE_ROWS
    answer = search(services, query, limit=limit, group=group)
    shortcuts = {} if group else _shortcuts(services, answer.query, limit)
    sections = tuple(section for section in _sections(answer, shortcuts) if section.lines)
    unsearched = not answer.operations.whole and not answer.operations.more
    return SearchPage(answer.query, sections, answer.unread, not unsearched, group or "", answer.repository)


def _shortcuts(services: Services, query: str, limit: int) -> dict[str, tuple[Shortcut, ...]]:
    names = service_names(services) if query else ()
    pages = find_pages(query, signs_in=services.settings.auth != "none")
    return {ACTIONS: find_actions(query, names, limit), PAGES: pages}


def _sections(answer: SearchAnswer, shortcuts: dict[str, tuple[Shortcut, ...]]) -> Iterator[Section]:
    services, repositories, principals = answer.services, answer.repositories, answer.principals
    yield _section(
        Group.SERVICES,
        tuple(
            ResultLine(row.name, links.service(row.region, row.name), row.region, labels.service_state(row.state))
            for row in services.rows
        ),
        _more(answer.query, Group.SERVICES, services),
    )
    yield _section(
        Group.REPOSITORIES,
        tuple(ResultLine(row.name, links.repository(row.region, row.name), row.region) for row in repositories.rows),
        _more(answer.query, Group.REPOSITORIES, repositories),
    )
    for name, group_shortcuts in shortcuts.items():
        yield _section(name, tuple(ResultLine(each.text, each.url, each.region) for each in group_shortcuts))
    yield _section(
        Group.PRINCIPALS,
        tuple(ResultLine(arn, links.who_can_pull(arn), WHO_CAN_PULL) for arn in principals.rows),
        _more(answer.query, Group.PRINCIPALS, principals),
    )
    for group, matches in ((Group.OPERATIONS, answer.operations), (Group.BATCHES, answer.batches)):
        yield _section(group, tuple(map(_operation_line, matches.rows)), _more(answer.query, group, matches))


def _section(name: str, lines: tuple[ResultLine, ...], more: ResultLine | None = None) -> Section:
    return Section(str(name), Message(TITLES[name]), lines, more)


def _operation_line(row: OperationMatch) -> ResultLine:
    kind = labels.kind(Kind(row.kind))
    return ResultLine(
        f"{kind}: {row.repository}" if row.repository else kind,
        links.batch(row.batch_id) if row.kind == Kind.BATCH else links.operation(row.id),
        f"{row.service} ({row.region})" if row.service else row.region,
        labels.item_state(row.state),
        labels.item_tone(row.state),
    )


_ALL = {
    Group.SERVICES: N_("All %(num)s container services"),
    Group.REPOSITORIES: N_("All %(num)s repositories"),
    Group.PRINCIPALS: N_("More principals"),
    Group.OPERATIONS: N_("More operations"),
    Group.BATCHES: N_("More batches"),
}


def _more(query: str, group: Group, matches: Matches[Any] | OperationMatches) -> ResultLine | None:
    if not matches.more:
        return None
    counted = {"num": matches.total} if isinstance(matches, Matches) and matches.total is not None else {}
    return ResultLine(Message(_ALL[group], counted), links.search(query, kind=group))
