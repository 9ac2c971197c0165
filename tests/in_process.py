"""The console as an application in this process, on a sandbox: for tests that count or observe its work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from app.bootstrap import Services, build
from app.inventory.sync_state import What
from app.main import create_app
from app.migrate import migrate
from app.settings import Settings
from tests.sandbox_server import AWS_ENVIRONMENT, RunningSandbox

REGION = "us-east-1"


@asynccontextmanager
async def in_process_console(
    data_dir: Path, sandbox: RunningSandbox, patch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[httpx.AsyncClient, Services]]:
    """A client of the application, and its parts, with all of a region read. There is no engine: no operation can be started."""
    for name, value in {**AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": sandbox.url}.items():
        patch.setenv(name, value)
    settings = Settings(auth="none", data_dir=data_dir, regions=(REGION,))
    services = build(settings)
    migrate(services.db)
    app = create_app(settings, services)
    app.state.ready = True
    try:
        for what in What:
            while (await services.scanner.turn(REGION, what)).more:
                pass
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client, services
    finally:
        services.close()
