"""Learns who AWS takes us for, for a page that shows nothing of use without it. Shows nothing itself."""

from __future__ import annotations

from app.bootstrap import Services
from app.console.timeouts import ask
from app.errors import Problem
from app.inventory import queries, store
from app.threads import run_in_threadpool

_LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


async def learn_caller(services: Services) -> None:
    """Ask AWS unless it is known; where AWS does not tell, or not soon, it stays unknown."""
    if await run_in_threadpool(queries.find_caller, services.db, services.connection) is not None:
        return
    at = services.clock.now()
    try:
        caller = await ask(services, services.regions[0], services.aws.identity().caller)
    except Problem:
        return
    await run_in_threadpool(store.remember_caller, services.db, services.connection, caller, at)


def account(services: Services) -> str:
    """The account that AWS takes us for, else the one that our services are in; "" while neither is known."""
    known = queries.find_caller(services.db, services.connection)
    if known:
        return known[0].account
    services_seen = queries.list_services(services.db, services.connection)
    return services_seen[0].service.account if services_seen else ""


def endpoint(services: Services, service: str) -> str:
    """The address that is called in place of AWS's own for a service, "" for none and where the settings cannot be read."""
    try:
        return services.aws.endpoint(service)
    except Problem:
        return ""


def endpoints_of(services: Services) -> dict[str, str]:
    """The addresses that stand in for AWS's own, for commands to copy."""
    return {name: endpoint(services, name) for name in ("lightsail", "ecr")}


def is_sandbox(services: Services) -> bool:
    """Whether an endpoint on this machine is called in place of AWS."""
    return endpoint(services, "lightsail").startswith(_LOOPBACK)
