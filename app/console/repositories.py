"""The repository that a request means, by whatever it names it: a name, a URI or an ARN. Asks nothing of AWS."""

from __future__ import annotations

from app.aws.ports import Repository
from app.bootstrap import Services
from app.console.identity import account
from app.console.timeouts import ask
from app.errors import Problem
from app.inventory import queries, search, store
from app.inventory.unlisted import unlisted
from app.operations.repository_name import parse_reference
from app.threads import run_in_threadpool

# A repository may be named like a registry, as those of a pull-through cache often are.
_LIKE_A_REGISTRY = frozenset({"repository.public_ecr", "repository.other_registry"})


async def resolve_repository(services: Services, region: str, text: str) -> str:
    """Return the name of the repository that `text` means, for a service in `region`.

    Raises:
        Problem: as `parse_reference` and `Reference.name_in` do.
    """
    try:
        reference = parse_reference(text)
    except Problem as problem:
        if problem.code in _LIKE_A_REGISTRY and await run_in_threadpool(_exists, services, region, text.strip()):
            return text.strip()
        raise
    own_account = await run_in_threadpool(account, services) if reference.account else ""
    return reference.name_in(region, own_account)


def searched_name(text: str) -> str:
    """What to look for in the list of repositories while somebody types `text`, which may be no name yet."""
    try:
        return parse_reference(text).name
    except Problem:
        return text.strip()


def _exists(services: Services, region: str, name: str) -> bool:
    return queries.find_repository(services.db, services.connection, region, name) is not None


async def existing_repository(services: Services, region: str, service: str, text: str) -> str:
    """As `resolve_repository`, of a repository that exists as far as AWS lets us tell.

    A name that isn't in the store may be a new repository: AWS is asked once. Raises Problem `repository.not_found` too.
    """
    name = await resolve_repository(services, region, text)
    if await run_in_threadpool(queries.find_repository, services.db, services.connection, region, name) is None:
        await _learn_repository(services, region, service, name)
    return name


async def _learn_repository(services: Services, region: str, service: str, name: str) -> None:
    try:
        repository = await _described(services, region, service, name)
    except Problem as problem:
        # Who may not describe it may still be allowed to change its policy; the operation will tell.
        if problem.code == "repository.not_found":
            raise
        return
    if repository is not None:
        await run_in_threadpool(
            store.remember_repository, services.db, services.connection, repository, services.clock.now()
        )


async def _described(services: Services, region: str, service: str, name: str) -> Repository | None:
    """The repository as AWS describes it; where that is denied, its policy proves that it exists."""
    repositories = services.aws.repositories(region)
    try:
        return await ask(services, region, repositories.get_repository, name)
    except Problem as problem:
        if problem.code != "aws.access_denied":
            raise
    await ask(services, region, repositories.get_policy, name)
    known = await run_in_threadpool(queries.find_service, services.db, services.connection, region, service)
    return unlisted(known.service.account, region, name) if known else None


def explain_refused_name(
    services: Services, region: str, typed: str, refused: Problem
) -> tuple[Problem, tuple[str, ...]]:
    """Return why `typed` was refused, as far as the store knows better, and the names in the region most like it."""
    name = searched_name(typed)
    nearest = search.nearest_names(services.db, services.connection, region, name)
    if refused.code != "repository.not_found":
        return refused, nearest
    return _elsewhere(services, region, name) or refused, nearest


def _elsewhere(services: Services, region: str, typed: str) -> Problem | None:
    """That the repository is in another region, which is why this one does not have it."""
    others = search.regions_with(services.db, services.connection, typed) if typed else ()
    if not others or region in others:
        return None
    return Problem("repository.other_region", repository=typed, region=region, others=", ".join(others))
