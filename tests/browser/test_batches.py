"""Many repositories at once in a browser: a range with Shift, the live page, cancelling in the dialog."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.held import double_click

pytestmark = pytest.mark.browser
MANY = "/containers/us-east-1/storefront-web/repositories/many"


def test_a_range_is_chosen_with_shift_and_watched_to_its_end(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.page.get_by_role("link", name="Add many").click()
    mika.page.get_by_role("button", name="Select all listed").wait_for()  # its script shows it once it listens
    mika.page.get_by_label("analytics/etl").click()
    mika.page.get_by_label("edge/cache").click(modifiers=["Shift"])
    expect(mika.page.get_by_text("3 selected")).to_be_visible()
    mika.page.get_by_role("button", name="Preview").click()
    mika.page.get_by_role("button", name="Show change of edge/cache").click()
    expect(mika.dialog.get_by_text("AllowLightsailPull-storefront-web").first).to_be_visible()
    mika.page.keyboard.press("Escape")
    mika.console.sandbox.options(latency_ms=300)
    mika.page.get_by_role("button", name="Add 3 repositories").click()
    expect(mika.page.get_by_role("heading", name="Adding repositories")).to_be_visible()
    expect(mika.page.get_by_role("progressbar")).to_be_visible()
    mika.console.sandbox.options(latency_ms=0)
    expect(mika.page.get_by_role("heading", name="Repositories added")).to_be_visible()
    expect(mika.page).to_have_title("Repositories added · Sailpass")
    expect(mika.page.get_by_text("3 of 3 repositories processed", exact=True)).to_be_visible()


def test_a_double_click_starts_a_batch_once_and_shows_it(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.page.goto(f"{MANY}?match=tools/*")
    mika.page.get_by_label(re.compile("repositor.* that match")).check()
    mika.page.get_by_role("button", name="Preview").click()
    start = mika.page.get_by_role("button", name=re.compile("^Add .*repositor"))
    double_click(mika.page, "**/batches", start)
    expect(mika.page.get_by_role("heading", name=re.compile("Repositor.* added"))).to_be_visible()


def test_the_rest_is_cancelled_after_a_question(mika):
    mika.opens_images_of("payments-api")
    mika.everything_is_read()
    mika.console.sandbox.options(activation_seconds=600)
    mika.page.goto(MANY.replace("storefront-web", "payments-api"))
    mika.page.get_by_label(re.compile(r"All \d+ repositories")).check()
    expect(mika.page.get_by_label("edge/cache")).to_be_disabled()
    mika.page.get_by_role("button", name="Preview").click()
    expect(mika.page.get_by_text("is activated first, once")).to_be_visible()
    mika.page.get_by_role("button", name=re.compile("^Add .* repositor")).click()
    mika.page.get_by_role("button", name="Cancel rest").click()
    mika.dialog.get_by_role("button", name="Cancel rest").click()
    expect(mika.page.get_by_role("heading", name="Not all repositories were added")).to_be_visible()
    expect(mika.page.get_by_role("button", name="Retry failed")).to_be_visible()
