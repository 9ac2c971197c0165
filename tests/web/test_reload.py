"""A reloaded page retries what could not be read; a part that polls does not."""

from __future__ import annotations

import httpx
import pytest

from app.bootstrap import build
from app.inventory import background_sync
from app.inventory.sync_state import What
from app.main import create_app
from app.migrate import migrate
from app.settings import Settings
from app.web import deps
from tests.sandbox_server import AWS_ENVIRONMENT, start_sandbox

REGION = "us-east-1"
PAGES = ("/containers", "/containers/us-east-1/storefront-web", "/containers/us-east-1/storefront-web/images")
FAILED = "AWS failed to do "


@pytest.fixture
async def mended(tmp_path, monkeypatch):
    """A console that could not read a region's services; AWS is well again. And what it calls."""
    monkeypatch.setattr(background_sync, "AFTER_PROBLEM", background_sync.Ages(0, 30))
    monkeypatch.setattr(deps, "PATIENCE", 60.0)  # what is read is shown, however slow this machine is
    with start_sandbox() as sandbox:
        for name, value in {**AWS_ENVIRONMENT, "AWS_ENDPOINT_URL": sandbox.url}.items():
            monkeypatch.setenv(name, value)
        settings = Settings(auth="none", data_dir=tmp_path, regions=(REGION,))
        services = build(settings)
        migrate(services.db)
        app = create_app(settings, services)
        sandbox.fault(kind="unavailable")
        for what in (What.SERVICES, What.REPOSITORIES):
            await services.scanner.turn(REGION, what)
        sandbox.clear_faults()
        sandbox.clear_calls()
        try:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                yield client, sandbox
        finally:
            services.scanner.close()
            services.close()


@pytest.mark.parametrize("path", PAGES)
async def test_one_reload_is_enough(mended, path):
    client, _ = mended
    page = (await client.get(path)).text
    assert FAILED not in page
    assert "storefront-web" in page


@pytest.mark.parametrize("path", PAGES)
async def test_a_part_that_polls_makes_no_call(mended, path):
    client, sandbox = mended
    assert FAILED in (await client.get(path, headers={"HX-Request": "true"})).text
    assert sandbox.calls() == []


async def test_what_is_well_is_not_read_at_each_reload(mended):
    client, sandbox = mended
    for _ in range(5):
        await client.get("/containers")
    assert len(sandbox.calls("lightsail:GetContainerServices")) == 1
