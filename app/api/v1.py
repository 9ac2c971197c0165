"""Version 1 of the API: its routes, in the order in which they are documented."""

from __future__ import annotations

from starlette.routing import BaseRoute

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

PARTS = (
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
)
ROUTES: list[BaseRoute] = [route for part in PARTS for route in part.router.routes]
