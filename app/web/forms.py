"""What a person filled in, checked before anything is started. Knows no page and starts nothing itself but by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi.concurrency import run_in_threadpool

from app.bootstrap import Services
from app.errors import Problem
from app.inventory import queries, store
from app.operations.read import find_version
from app.operations.start import Ask, check_name
from app.operations.state import Kind
from app.web.asking import ask


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


async def unknown_name(services: Services, form: AccessForm) -> Problem | None:
    """Why the repository's name cannot be right; None if it is, or if AWS does not let us tell.

    A name that we have not seen may be a new repository: AWS is asked once.
    """
    if not form.repository:
        return Problem("repository.missing")
    try:
        check_name(form.repository)
    except Problem as problem:
        return problem
    place = (services.db, services.connection, form.region, form.repository)
    if await run_in_threadpool(queries.find_repository, *place) is not None:
        return None
    try:
        call = services.aws.repositories(form.region).get_repository
        repository = await ask(services, form.region, call, form.repository)
    except Problem as problem:
        # Who may not describe it may still be allowed to change its policy; the operation will tell.
        return problem if problem.code == "repository.not_found" else None
    await run_in_threadpool(
        store.remember_repository, services.db, services.connection, repository, services.clock.now()
    )
    return None


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
