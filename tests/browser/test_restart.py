"""A server that dies under an open page: the page says so, and continues with the next server."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

DEAD = (
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_EMPTY_RESPONSE",
    "ERR_CONTENT_LENGTH_MISMATCH",  # killed between an answer's head and its body
    "ERR_INCOMPLETE_CHUNKED_ENCODING",
    "Failed to fetch",
)


@pytest.fixture
def gap(troubles):
    """Removes the browser's own messages while no server listens."""
    yield
    troubles[:] = [trouble for trouble in troubles if not any(sign in trouble for sign in DEAD)]


def test_an_open_page_goes_on_with_the_server_that_comes_after_a_killed_one(mika, gap):
    mika.console.sandbox.options(activation_seconds=600)
    mika.opens_images_of("payments-api")
    mika.asks_to_add("payments/api")
    expect(mika.dialog.get_by_role("listitem").filter(has_text="Wait for the role")).to_contain_text("In progress")
    mika.console.kill()
    expect(mika.dialog.get_by_text("The server does not answer.")).to_be_visible()
    mika.console.sandbox.advance(600)
    mika.console.start_again()
    mika.continues()
    expect(mika.row("payments/api")).to_contain_text("Allowed")
    assert mika.sids("payments/api") == ["AllowLightsailPull-payments-api"]
