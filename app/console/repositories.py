"""The repository that a request means, by whatever it names it: a name, a URI or an ARN. Asks nothing of AWS."""

from __future__ import annotations

from app.bootstrap import Services
from app.console.identity import account
from app.errors import Problem
from app.inventory import queries
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
    account = await run_in_threadpool(account, services) if reference.account else ""
    return reference.name_in(region, account)


def searched_name(text: str) -> str:
    """What to look for in the list of repositories while somebody types `text`, which may be no name yet."""
    try:
        return parse_reference(text).name
    except Problem:
        return text.strip()


def _exists(services: Services, region: str, name: str) -> bool:
    return queries.find_repository(services.db, services.connection, region, name) is not None
