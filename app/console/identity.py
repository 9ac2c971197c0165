"""The AWS caller identity, for pages that are useless without it."""

from __future__ import annotations

from app.bootstrap import Services
from app.console.timeouts import ask
from app.errors import Problem
from app.inventory import queries, store
from app.threads import run_in_threadpool

_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


async def learn_caller(services: Services) -> None:
    """Read the caller identity from AWS unless it is known; it stays unknown if AWS does not answer soon."""
    if await run_in_threadpool(queries.find_caller, services.db, services.connection) is not None:
        return
    at = services.clock.now()
    try:
        caller = await ask(services, services.regions[0], services.aws.identity().caller)
    except Problem:
        return
    await run_in_threadpool(store.remember_caller, services.db, services.connection, caller, at)


def account(services: Services) -> str:
    """Return the caller's account, else the one of the known services; "" while neither is known."""
    aws_caller = queries.find_caller(services.db, services.connection)
    if aws_caller:
        return aws_caller[0].account
    services_seen = queries.list_services(services.db, services.connection)
    return services_seen[0].service.account if services_seen else ""


def endpoint(services: Services, service: str) -> str:
    """Return the endpoint URL used instead of AWS's own for a service; "" for none or with unreadable settings."""
    try:
        return services.aws.endpoint(service)
    except Problem:
        return ""


def endpoints_of(services: Services) -> dict[str, str]:
    """Return the endpoints used instead of AWS's own, for commands to copy."""
    return {name: endpoint(services, name) for name in ("lightsail", "ecr")}


def is_sandbox(services: Services) -> bool:
    """Return whether an endpoint on this machine is used instead of AWS."""
    return endpoint(services, "lightsail").startswith(_LOOPBACK)
