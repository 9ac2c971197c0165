"""Finds the repository that a request names by a name, a URI or an ARN."""

from __future__ import annotations

from app.aws.ports import Repository
from app.bootstrap import Services
from app.console.identity import account
from app.console.regions import check_region
from app.console.timeouts import ask
from app.errors import Problem
from app.inventory import queries, store
from app.operations.repository_name import parse_reference
from app.threads import run_in_threadpool

# A repository may have the name of a registry, as those of a pull-through cache often do.
_LIKE_A_REGISTRY = frozenset({"repository.public_ecr", "repository.other_registry"})


async def resolve_repository(services: Services, region: str, text: str) -> str:
    """Return the name of the repository that `text` means, for a service in `region`.

    Raises:
        Problem: as `parse_reference` and `Reference.name_in` do.
    """
    return await run_in_threadpool(meant_repository, services, region, text)


def meant_repository(services: Services, region: str, text: str) -> str:
    """Return the same as `resolve_repository`, and raise as it does. Blocks on the database."""
    try:
        reference = parse_reference(text)
    except Problem as problem:
        if problem.code in _LIKE_A_REGISTRY and exists(services, region, text.strip()):
            return text.strip()
        raise
    return reference.name_in(region, account(services) if reference.account else "")


async def named_repository(services: Services, region: str, text: str) -> str:
    """Return the same as `resolve_repository`, for a Region that a request names.

    Raises:
        Problem: `region.not_configured`, and as `resolve_repository`.
    """
    check_region(services, region)
    return await resolve_repository(services, region, text)


def searched_name(text: str) -> str:
    """Return what to search for in the list of repositories while `text` is typed, which may not be a name yet."""
    try:
        return parse_reference(text).name
    except Problem:
        return text.strip()


def exists(services: Services, region: str, name: str) -> bool:
    """Return whether the store has a repository of this name."""
    return queries.find_repository(services.db, services.repository_key(region, name)) is not None


async def existing_repository(services: Services, region: str, service: str, text: str) -> str:
    """Return the same as `resolve_repository`, for a repository that exists as far as AWS lets us see.

    A name that isn't in the store may be a new repository: AWS is called once. Raises Problem `repository.not_found`
    too.
    """
    name = await resolve_repository(services, region, text)
    if await run_in_threadpool(queries.find_repository, services.db, services.repository_key(region, name)) is None:
        await _learn_repository(services, region, service, name)
    return name


async def _learn_repository(services: Services, region: str, service: str, name: str) -> None:
    try:
        repository = await _described(services, region, service, name)
    except Problem as problem:
        # Without permission to describe it, changing its policy may still be allowed; the operation will show.
        if problem.code == "repository.not_found":
            raise
        return
    if repository is not None:
        await run_in_threadpool(
            store.remember_repository, services.db, services.connection, repository, services.clock.now()
        )


async def _described(services: Services, region: str, service: str, name: str) -> Repository | None:
    """Return the repository as AWS describes it; if that is denied, its policy proves that it exists."""
    repositories = services.aws.repositories(region)
    try:
        return await ask(services, region, repositories.get_repository, name)
    except Problem as problem:
        if problem.code != "aws.access_denied":
            raise
    await ask(services, region, repositories.get_policy, name)
    known_service = await run_in_threadpool(queries.find_service, services.db, services.service_key(region, service))
    return _undescribed(known_service.service.account, region, name) if known_service else None


def _undescribed(account: str, region: str, name: str) -> Repository:
    """Return what DescribeRepositories would return. Lightsail, and so its pulls, exist only in the partition `aws`."""
    uri = f"{account}.dkr.ecr.{region}.amazonaws.com/{name}"
    return Repository(region, name, account, uri, f"arn:aws:ecr:{region}:{account}:repository/{name}")
