"""A service's access to many repositories as code, to read, copy or download."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Form, Request
from starlette.responses import Response

from app.as_code.grant import Form as CodeForm
from app.console.many_as_code import selection_as_code, service_as_code
from app.http.deps import NowDep, ServicesDep
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import KnownPlace
from app.web.render import render
from app.web.responses import download
from app.web.routers import page_router
from app.web.routes.batches import FormDep
from app.web.views.as_code import as_code_page

router = page_router()

FormField = CodeForm | Literal[""]


@router.get("/containers/{region}/{service}/as-code", dependencies=[KnownPlace])
async def whole(
    request: Request, services: ServicesDep, now: NowDep, region: str, service: str, form: FormField = ""
) -> Response:
    """The service with the policies of all repositories that name it; with `form` that text, to download."""
    if form:
        (made,) = await service_as_code(services, (region, service), (CodeForm(form),))
        return await run_in_threadpool(download, made.code)
    codes = await service_as_code(services, (region, service), tuple(CodeForm))
    page = await run_in_threadpool(as_code_page, services, codes, now)
    return await run_in_threadpool(render, request, page)


@router.post(links.BATCH_AS_CODE)
async def selection(
    request: Request, services: ServicesDep, now: NowDep, chosen: FormDep, form: Annotated[FormField, Form()] = ""
) -> Response:
    """The service with the policies of the repositories that were chosen. Changes nothing."""
    if form:
        (made,) = await selection_as_code(services, chosen, (CodeForm(form),))
        return await run_in_threadpool(download, made.code)
    codes = await selection_as_code(services, chosen, tuple(CodeForm))
    page = await run_in_threadpool(as_code_page, services, codes, now, chosen)
    return await run_in_threadpool(render, request, page)
