"""Back leads to what the reader left: the answer to a form, a selection, a filter, a page without its dialog.

And a page that answers a form is a page as any other.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.informed_console import informed_console

pytestmark = pytest.mark.browser

SERVICE = "/containers/us-east-1/storefront-web"
MANY = f"{SERVICE}/repositories/many"


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with informed_console(tmp_path_factory.mktemp("console")) as running:
        yield running


def selects_two(page: Page) -> None:
    page.goto(MANY)
    for name in ("analytics/etl", "analytics/reports"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_role("heading", name="Preview: Add repositories").wait_for()


def test_back_to_a_selection_keeps_it_and_its_count(page):
    selects_two(page)
    page.go_back()
    expect(page.get_by_role("checkbox", name="analytics/etl")).to_be_checked()
    expect(page.get_by_text("2 selected")).to_be_visible()


def test_back_to_a_selection_of_everything_keeps_the_others_off(page):
    page.goto(MANY)
    page.locator("input[name=everything]").check()
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_role("heading", name="Preview: Add repositories").wait_for()
    page.go_back()
    expect(page.locator("input[name=everything]")).to_be_checked()
    expect(page.get_by_role("checkbox", name="analytics/etl")).to_be_disabled()


@pytest.mark.parametrize("scripts", [True, False])
def test_back_to_the_preview_of_a_batch_shows_it_again(page, plain_page, scripts):
    reader = page if scripts else plain_page
    selects_two(reader)
    reader.get_by_role("link", name="History", exact=True).first.click()
    reader.get_by_role("heading", name="History", exact=True).wait_for()
    reader.go_back()
    expect(reader.get_by_role("heading", name="Preview: Add repositories")).to_be_visible()
    expect(reader.get_by_role("button", name="Add 2 repositories")).to_be_enabled()


def test_back_to_a_checked_platform_shows_what_was_found(page):
    page.goto(f"{SERVICE}/why?image=123456789012.dkr.ecr.us-east-1.amazonaws.com/tools/cli:0.4.0")
    page.get_by_role("button", name="Check platform").click()
    found = page.get_by_role("row", name="Platform")
    expect(found).to_contain_text("linux/amd64")
    page.get_by_role("link", name="Containers", exact=True).first.click()
    page.get_by_role("heading", name="Containers", exact=True).wait_for()
    page.go_back()
    expect(found).to_contain_text("linux/amd64")


def test_back_from_a_dialog_leads_to_the_page_before_and_forward_to_no_dialog(page):
    page.goto("/containers")
    page.goto(f"{SERVICE}/images")
    page.get_by_role("button", name="Add repository").first.click()
    page.get_by_role("combobox", name="Repository").fill("analytics/etl")
    page.go_back()
    expect(page.get_by_role("heading", name="Containers", exact=True)).to_be_visible()
    page.go_forward()
    expect(page.get_by_role("heading", name="Amazon ECR private repositories")).to_be_visible()
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_back_to_a_filter_keeps_it_and_the_place_in_the_list(page):
    page.set_viewport_size({"width": 1440, "height": 400})
    page.goto("/findings")
    page.get_by_label("Repository or service").fill("tokyo")
    expect(page).to_have_url(re.compile("/findings.q=tokyo"))
    link = page.get_by_role("link", name="tokyo/partners").last
    link.scroll_into_view_if_needed()
    scrolled = page.evaluate("scrollY")
    link.click()
    page.get_by_role("heading", name="Repository policy").wait_for()
    page.go_back()
    expect(page.get_by_label("Repository or service")).to_have_value("tokyo")
    expect(page.get_by_role("link", name="tokyo/inbox")).to_have_count(1)
    page.wait_for_function("scrolled => Math.abs(scrollY - scrolled) < 2", arg=scrolled)
    assert scrolled


def test_a_page_that_answers_a_form_tells_what_ends_meanwhile_and_where_it_is(page, console):
    selects_two(page)
    current = page.get_by_role("navigation", name="Main").locator("[aria-current]")
    expect(current).to_have_text("Containers")
    console.post("/api/v1/services/us-east-1/storefront-web/grants", {"repository": "tools/cli"})
    notice = page.get_by_role("region", name="Notifications").locator(".notice")
    expect(notice).to_contain_text("storefront-web can now pull images from tools/cli.")


@pytest.mark.parametrize(
    "change, address",
    [
        (lambda page: page.get_by_label("Show dismissed").check(), "dismissed=1"),
        (lambda page: page.get_by_label("Severity").select_option("error"), "severity=error"),
        (lambda page: page.get_by_label("Repository or service").fill("tokyo"), "q=tokyo"),
    ],
    ids=["checkbox", "selection", "text"],
)
def test_a_filter_that_is_changed_while_the_page_still_starts_is_heard(page, change, address):
    waiting = []

    def hold(route):
        waiting.append(route)

    page.route("**/vendor/htmx*", hold, times=1)
    page.goto("/findings", wait_until="commit")
    change(page)
    assert address not in page.url
    waiting[0].continue_()
    expect(page).to_have_url(re.compile(address))


@pytest.mark.parametrize("path", ["/findings?severity=error&dismissed=1&q=tokyo", "/repositories", "/containers"])
def test_a_filter_that_nobody_has_changed_is_not_sent(page, path):
    page.add_init_script("""window.sent = 0; document.addEventListener('htmx:before:request', event => {
        if (event.detail.ctx.sourceElement.matches('form[data-address]')) window.sent += 1; });""")
    page.goto(path)
    page.wait_for_timeout(600)
    assert page.evaluate("window.sent") == 0
    page.locator("form[data-address] input[type=search]").fill("tokyo")
    page.wait_for_function("() => window.sent === 1")
