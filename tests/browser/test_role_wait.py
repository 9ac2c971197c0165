"""A console that waits two minutes for a role, which pass in two seconds."""

import pytest
from playwright.sync_api import expect

from tests.browser.test_errors import LONG, is_granted, is_told, repository, retries, sandbox, service
from tests.errors.fast import start_fast_console
from tests.reader import Reader

__all__ = ["repository", "sandbox", "service"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with start_fast_console(tmp_path_factory.mktemp("console"), role_wait_seconds=120) as running:
        Reader(running).knows()
        yield running


def test_a_role_that_never_appears_ends_the_wait_and_retry_goes_on_from_there(mika, sandbox, service, repository):
    sandbox.options(arn_lag_seconds=LONG)
    mika.opens_images_of(service)
    mika.asks_to_add(repository)
    is_told(mika, f"AWS did not finish activating the image puller role of {service} within 2 minutes.")
    expect(mika.dialog.get_by_role("listitem").filter(has_text="Wait for the role")).to_contain_text("Failed")
    sandbox.advance(LONG)
    retries(mika)
    is_granted(mika, repository)
