"""The IAM policies that a person needs, and the check of the present credentials."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.schemas.permissions import CheckRequest, PermissionCheck, Permissions
from app.api.schemas.texts import TEXT
from app.console.identity import learn_caller
from app.console.permissions import check, names_in, needed_permissions
from app.http.deps import ServicesDep
from app.http.routing import ThreadedRoute
from app.threads import run_in_threadpool

router = APIRouter(prefix="/permissions", tags=["Permissions"], route_class=ThreadedRoute)


@router.get("", summary="The IAM policies that the console needs")
async def permissions(
    services: ServicesDep,
    region: Annotated[str, Query(max_length=32, pattern=TEXT)] = "",
    names: Annotated[
        str, Query(max_length=4000, description="Repositories, with spaces or commas between them; empty: any.")
    ] = "",
) -> Permissions:
    """Ready to paste, for the account, a region and the named repositories, or any."""
    await learn_caller(services)
    return await run_in_threadpool(lambda: Permissions.of(needed_permissions(services, region, names_in(names))))


@router.post("/check", summary="Try each action")
async def check_permissions(services: ServicesDep, body: CheckRequest | None = None) -> PermissionCheck:
    """Tries each AWS action with the present credentials in a way that changes nothing."""
    request = body or CheckRequest()
    checked = await check(services, request.region, names_in(" ".join(request.repositories)))
    return await run_in_threadpool(PermissionCheck.of, checked)
