"""What a person filled in, checked before anything is started. Knows no page and starts nothing itself but by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from app.aws.ports import Repository
from app.bootstrap import Services
from app.console.repositories import resolve_repository
from app.console.timeouts import ask
from app.errors import Problem
from app.inventory import queries, store
from app.inventory.unlisted import unlisted
from app.operations.read import find_version
from app.operations.start import Ask
from app.operations.state import Kind
from app.threads import run_in_threadpool


@dataclass(frozen=True)
class AccessForm:
    """A service, a repository, who asks, and the fingerprint that a preview left in the form.

    `principals` are those to prune; `follows` is the id of the operation that failed because of them.
    """

    region: str
    service: str
    repository: str
    who: str
    previewed: str = ""
    principals: tuple[str, ...] = ()
    follows: str = ""


async def with_name(services: Services, form: AccessForm) -> AccessForm:
    """Return the form with the repository's name for whatever was typed. Raises Problem as `resolve_repository`."""
    return replace(form, repository=await resolve_repository(services, form.region, form.repository))


async def with_existing_name(services: Services, form: AccessForm) -> AccessForm:
    """As `with_name`, of a repository that exists as far as AWS lets us tell.

    A name that we have not seen may be a new repository: AWS is asked once. Raises Problem `repository.not_found` too.
    """
    form = await with_name(services, form)
    place = (services.db, services.connection, form.region, form.repository)
    if await run_in_threadpool(queries.find_repository, *place) is None:
        await _learn_repository(services, form)
    return form


async def _learn_repository(services: Services, form: AccessForm) -> None:
    try:
        repository = await _found(services, form)
    except Problem as problem:
        # Who may not describe it may still be allowed to change its policy; the operation will tell.
        if problem.code == "repository.not_found":
            raise
        return
    if repository is not None:
        await run_in_threadpool(
            store.remember_repository, services.db, services.connection, repository, services.clock.now()
        )


async def _found(services: Services, form: AccessForm) -> Repository | None:
    """The repository as AWS describes it; to whom it does not, its policy proves that it exists."""
    repositories = services.aws.repositories(form.region)
    try:
        return await ask(services, form.region, repositories.get_repository, form.repository)
    except Problem as problem:
        if problem.code != "aws.access_denied":
            raise
    await ask(services, form.region, repositories.get_policy, form.repository)
    place = (services.db, services.connection, form.region, form.service)
    known = await run_in_threadpool(queries.find_service, *place)
    return unlisted(known.service.account, form.region, form.repository) if known else None


def start_access(services: Services, kind: Kind, form: AccessForm) -> str:
    """Start what the form asks for: the operation's id. Raises Problem."""
    asked: dict[str, Any] = {}
    repository, _, seen = form.previewed.partition(" ")
    if form.previewed and repository == form.repository:
        asked["previewed"] = seen
    if kind is Kind.PRUNE:
        asked["principals"] = list(form.principals)
    follows = form.follows if form.follows and find_version(services.db, form.follows) is not None else None
    return services.starter.start(Ask(kind, form.region, form.service, form.repository, form.who, asked, follows))
