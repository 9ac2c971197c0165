"""The Images tab of a service with more repositories than a page shows."""

from functools import partial

import pytest

from app.console import access
from app.inventory.access import repositories_of
from tests.history.happened import NOON, happened
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox

SERVICE, ONE, OTHER = "storefront-web", "storefront/web", "storefront/nginx-sidecar"


@pytest.fixture
async def console(tmp_path, monkeypatch):
    """A console that shows one repository a page, with access to two added long ago."""
    monkeypatch.setattr(access, "repositories_of", partial(repositories_of, limit=1))
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            for number, repository in enumerate((ONE, OTHER)):
                happened(services.db, f"grant-{number}", NOON, service=SERVICE, repository=repository, region=REGION)
            yield client


async def test_a_repository_beyond_the_first_page_has_not_lost_its_access(console):
    page = (await console.get(f"/containers/{REGION}/{SERVICE}/images")).text
    assert "removed outside Sailpass" not in page
