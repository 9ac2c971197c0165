"""Version 1 of the API: its routers under one path prefix."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from app.api import (
    batches,
    deployments,
    findings,
    grants,
    operations,
    permissions,
    repositories,
    search,
    services,
    sign_ins,
    why,
)
from app.api.deps import ROOT, speak_english
from app.api.responses import ALWAYS, refusals
from app.api.strict import understood

router = APIRouter(
    prefix=ROOT,
    dependencies=[Depends(speak_english), Depends(understood)],
    responses=refusals(*ALWAYS),
    generate_unique_id_function=lambda route: route.name,
)
for part in (
    services,
    repositories,
    search,
    findings,
    grants,
    deployments,
    why,
    operations,
    batches,
    permissions,
    sign_ins,
):
    router.include_router(part.router)
