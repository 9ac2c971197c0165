"""The IAM policies that a person needs, and the check of the current credentials."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from app.api.responses import refusals
from app.api.routers import api_router
from app.api.schemas.permissions import CheckRequest, PermissionCheck, Permissions
from app.api.schemas.texts import TEXT
from app.console.identity import learn_caller
from app.console.permissions import check, names_in, needed_permissions
from app.console.regions import check_region
from app.http.deps import ServicesDep
from app.threads import run_in_threadpool

router = api_router("Permissions", "/permissions")


@router.get("", summary="The IAM policies that the console needs", responses=refusals(404))
async def permissions(
    services: ServicesDep,
    region: Annotated[
        str, Query(max_length=32, pattern=TEXT, description="A configured Region; empty: the first one.")
    ] = "",
    names: Annotated[
        str, Query(max_length=4000, description="Repositories, with spaces or commas between them; empty: any.")
    ] = "",
) -> Permissions:
    """Ready to paste, for the account, a region and the named repositories, or any."""
    if region:
        check_region(services, region)
    await learn_caller(services)
    return await run_in_threadpool(lambda: Permissions.of(needed_permissions(services, region, names_in(names))))


@router.post("/check", summary="Check each permission", responses=refusals(404))
async def check_permissions(services: ServicesDep, body: CheckRequest | None = None) -> PermissionCheck:
    """Tries each AWS action with the current credentials, without changing anything."""
    request = body or CheckRequest()
    if request.region:
        check_region(services, request.region)
    checked = await check(services, request.region, names_in(" ".join(request.repositories)))
    return await run_in_threadpool(PermissionCheck.of, checked)
