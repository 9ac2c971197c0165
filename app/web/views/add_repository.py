"""The Add repository dialog with its list of repositories."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from app.bootstrap import Services
from app.console.nearest import explain_refused_name
from app.console.repositories import searched_name
from app.errors import Problem
from app.inventory import queries, repository_search, sync_state
from app.inventory.sync_state import What
from app.web import links
from app.web.views.base import DialogView, View
from app.web.views.grant_check import GrantCheckView, grant_check
from app.web.views.preview import EarlierPreview, PreviewView
from app.wording import N_, Message

ADD_REPOSITORY = Message(N_("Add repository"))


@dataclass(frozen=True)
class RepositoryOption:
    """One repository to choose. `added`: the service can pull from it already, so it can't be chosen."""

    name: str
    added: bool = False


@dataclass(frozen=True)
class RepositoryOptions(View):
    """GET …/repositories/options?repository=q: the list under the field, renewed from `url` when access changes.

    `more`: others match too and are left out of it.
    """

    page: ClassVar[str] = "partials/repository_options.html"
    partial: ClassVar[str] = "partials/repository_options.html"

    options: tuple[RepositoryOption, ...]
    url: str
    query: str = ""
    more: bool = False


@dataclass(frozen=True)
class AddRepositoryDialog(DialogView):
    """GET …/repositories/new, and POST …/repositories refused (answer it with status 422).

    `listing` False: the name has to be typed. `typed` is what the reader typed; `refused` says why it is invalid,
    `nearest` the similar names. `preview` is of what was typed; `earlier` the one that it replaces; `check` what is known
    of it.
    """

    partial: ClassVar[str] = "partials/add_repository_dialog.html"

    region: str
    service: str
    back: str
    choices: RepositoryOptions
    listing: bool = True
    typed: str = ""
    refused: Problem | None = None
    nearest: tuple[str, ...] = ()
    preview: PreviewView | None = None
    earlier: EarlierPreview | None = None
    check: GrantCheckView = field(default_factory=GrantCheckView)
    heading: Message = ADD_REPOSITORY


def add_dialog(
    services: Services,
    region: str,
    service: str,
    typed: str = "",
    refused: Problem | None = None,
    *,
    preview: PreviewView | None = None,
    earlier: EarlierPreview | None = None,
) -> AddRepositoryDialog:
    """Return the Add dialog, or the same again with what was typed and why it is invalid."""
    listed = sync_state.find_reading(services.db, services.connection, region, What.REPOSITORIES)
    refused, nearest = explain_refused_name(services, region, typed, refused) if refused else (None, ())
    return AddRepositoryDialog(
        region=region,
        service=service,
        back=links.images(region, service),
        choices=repository_options(services, region, service, typed),
        listing=listed.problem is None or listed.problem.code != "aws.access_denied",
        typed=typed,
        refused=refused,
        nearest=nearest,
        preview=preview,
        earlier=earlier,
        check=GrantCheckView() if refused else grant_check(services, region, service, typed),
    )


def repository_options(services: Services, region: str, service: str, query: str) -> RepositoryOptions:
    """Return the repositories whose name holds `query`: first those that the service cannot pull from yet."""
    url = links.repositories(region, service, "options", repository=query, place="dialog")
    known_service = queries.last_seen(services.db, services.service_key(region, service))
    if known_service is None:
        return RepositoryOptions((), url, query)
    now = services.clock.now()
    choices = repository_search.choices(services.db, services.connection, known_service, searched_name(query), now=now)
    options = [RepositoryOption(row.name) for row in choices.rows]
    options += [RepositoryOption(name, added=True) for name in choices.added]
    limit = repository_search.LIMIT
    return RepositoryOptions(tuple(options[:limit]), url, query, more=choices.more or len(options) > limit)
