"""Tries, harmlessly, each AWS action that the console uses, with the present credentials. Shows nothing itself."""

from __future__ import annotations

import asyncio

from app.aws.ports import Probe
from app.bootstrap import Services
from app.errors import Problem
from app.threads import run_in_threadpool
from app.web.pages_permissions import Check
from app.web.show.permissions import actions_to_try, check_of


async def check(services: Services, region: str, names: tuple[str, ...]) -> Check:
    """What was found, all actions tried side by side.

    A region that is none of ours means the first of ours; the first of `names` is the repository that is tried.
    """
    where = region if region in services.regions else services.regions[0]
    repository = names[0] if names else ""
    probes = tuple(await asyncio.gather(*(_try(services, use.action, where, repository) for use in actions_to_try())))
    return await run_in_threadpool(check_of, services, where, names, probes)


async def _try(services: Services, action: str, region: str, repository: str) -> Probe:
    try:
        return await services.calls.run(region, services.aws.probe, action, region, repository)
    except Problem as problem:  # it concerns this call alone
        return Probe(action, allowed=None, problem=problem)
