"""Learns who AWS takes us for, for a page that shows nothing of use without it. Shows nothing itself."""

from __future__ import annotations

from app.bootstrap import Services
from app.console.timeouts import ask
from app.errors import Problem
from app.inventory import queries, store
from app.threads import run_in_threadpool


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
