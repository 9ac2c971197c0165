"""The IAM policies that a person needs, ready to paste, and the check of the present credentials."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response

from app.web import links
from app.web.deps import ServicesDep
from app.web.render import render
from app.web.show.permissions import actions_to_try, check_of, names_in, permissions_page

router = APIRouter(include_in_schema=False)


@router.get(links.PERMISSIONS)
def permissions(request: Request, services: ServicesDep, region: str = "", names: str = "") -> Response:
    """The policies for any repository, or for the named ones."""
    return render(request, permissions_page(services, region, names_in(names)))


@router.post(links.CHECK_PERMISSIONS)
async def check(
    request: Request,
    services: ServicesDep,
    region: Annotated[str, Form()] = "",
    names: Annotated[str, Form()] = "",
) -> Response:
    """Try each action harmlessly with the present credentials, side by side."""
    named = names_in(names)
    where = region if region in services.regions else services.regions[0]
    tries = [
        services.calls.run(where, services.aws.probe, use.action, where, named[0] if named else "")
        for use in actions_to_try()
    ]
    probes = tuple(await asyncio.gather(*tries))
    found = await run_in_threadpool(check_of, services, where, named, probes)
    page = await run_in_threadpool(permissions_page, services, where, named, found)
    return await run_in_threadpool(render, request, page)
