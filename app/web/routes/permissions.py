"""The IAM policies that a person needs, ready to paste, and the check of the current credentials."""

from __future__ import annotations

from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from app.console.identity import learn_caller
from app.console.permissions import check, names_in
from app.http.deps import ServicesDep
from app.threads import run_in_threadpool
from app.web import links
from app.web.render import render
from app.web.routers import page_router
from app.web.views.permissions import permissions_page

router = page_router()


@router.get(links.PERMISSIONS)
async def permissions(request: Request, services: ServicesDep, region: str = "", names: str = "") -> Response:
    """Show the policies for any repository, or for the named ones."""
    await learn_caller(services)
    page = await run_in_threadpool(permissions_page, services, region, names_in(names))
    return await run_in_threadpool(render, request, page)


@router.post(links.CHECK_PERMISSIONS)
async def check_permissions(
    request: Request,
    services: ServicesDep,
    region: Annotated[str, Form()] = "",
    names: Annotated[str, Form()] = "",
) -> Response:
    """Try each action without effect with the current credentials, concurrently."""
    named = names_in(names)
    answer = await check(services, region, named)
    page = await run_in_threadpool(permissions_page, services, answer.region, named, answer)
    return await run_in_threadpool(render, request, page)
