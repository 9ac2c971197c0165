"""The Images tab of a service with more repositories than a page shows."""

from dataclasses import replace
from functools import partial

import pytest

from app.console import service_repositories
from app.inventory.access import repositories_of
from tests.history.happened import NOON, happened
from tests.in_process import REGION, in_process_console
from tests.sandbox_server import start_sandbox
from tests.web.asking import ask
from tests.web.examples import Examples

SERVICE, ONE, OTHER = "storefront-web", "storefront/web", "storefront/nginx-sidecar"


@pytest.fixture
async def console(tmp_path, monkeypatch):
    """A console that shows one repository a page, with access to two added long ago."""
    monkeypatch.setattr(service_repositories, "repositories_of", partial(repositories_of, limit=1))
    with start_sandbox() as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            for number, repository in enumerate((ONE, OTHER)):
                happened(services.db, f"grant-{number}", NOON, service=SERVICE, repository=repository, region=REGION)
            yield client


async def test_a_repository_that_is_not_checked_is_counted_and_has_not_lost_its_access(console):
    page = (await console.get(f"/containers/{REGION}/{SERVICE}/images")).text
    assert "removed outside Sailpass" not in page
    listed = (await console.get(f"/api/v1/services/{REGION}/{SERVICE}/repositories")).json()
    assert (len(listed["repositories"]), listed["not_listed"]) == (1, 4)
    assert "The policies of 4 more repositories may concern this service, and aren't checked here." in page


def test_repositories_beyond_fifty_are_a_page_away_and_all_of_them_count(gallery):
    examples = Examples()
    row = examples.images().access.repositories[0]
    rows = tuple(replace(row, name=f"team/{number:03}", repairable=True) for number in range(120))
    page = replace(examples.images(repositories=rows), number=2)
    text = ask(gallery({"images": page}), "/p/images").text
    address = f"/containers/{page.frame.region}/{page.frame.name}/images"
    assert [f"team/{number:03}</a>" in text for number in (49, 50, 99, 100)] == [False, True, True, False]
    assert f'href="{address}?page=3" rel="next"' in text
    assert f'href="{address}" rel="prev"' in text
    assert f'data-watch-url="{address}?page=2"' in text
    # What an image is used for is shown above the page it was chosen on.
    assert "?added=team%2F050&amp;page=2" in text
    assert "(120)" in text
    assert "pull from 120 repositories" in text
