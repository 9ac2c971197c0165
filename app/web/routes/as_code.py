"""A service's access to many repositories as code, to read, copy or download."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from app.as_code.grant import Form as CodeForm
from app.console.as_code import CodeText
from app.console.many_as_code import selection_as_code, service_as_code
from app.http.deps import NowDep, ServicesDep
from app.http.routing import ThreadedRoute
from app.messages import labels
from app.threads import run_in_threadpool
from app.web import links
from app.web.deps import KnownPlace
from app.web.render import render
from app.web.routes.batches import FormDep
from app.web.views.as_code import as_code_page

router = APIRouter(include_in_schema=False, route_class=ThreadedRoute)

Chosen = CodeForm | Literal[""]


@router.get("/containers/{region}/{service}/as-code", dependencies=[KnownPlace])
async def whole(
    request: Request, services: ServicesDep, now: NowDep, region: str, service: str, form: Chosen = ""
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
    request: Request, services: ServicesDep, now: NowDep, asked: FormDep, form: Annotated[Chosen, Form()] = ""
) -> Response:
    """The service with the policies of the repositories that were chosen. Changes nothing."""
    if form:
        (made,) = await selection_as_code(services, asked, (CodeForm(form),))
        return await run_in_threadpool(download, made.code)
    codes = await selection_as_code(services, asked, tuple(CodeForm))
    page = await run_in_threadpool(as_code_page, services, codes, now, asked)
    return await run_in_threadpool(render, request, page)


def download(code: CodeText) -> Response:
    """Return a text as a file."""
    headers = {"Content-Disposition": f'attachment; filename="{code.file_name}"'}
    return Response(labels.code_text(code), media_type="text/plain; charset=utf-8", headers=headers)
