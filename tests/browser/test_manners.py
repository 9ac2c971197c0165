"""The behavior of pages for readers: keyboard, focus, announcements, messages, copying, times."""

from __future__ import annotations

import re
from collections.abc import Iterator
from threading import Event

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.announcements import hears, listen
from tests.browser.conftest import watched
from tests.browser.gallery import serving
from tests.browser.held import answers, held

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def troubles() -> list[str]:
    return []


@pytest.fixture
def page(chromium: Browser, address: str, troubles: list[str]) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=address, locale="en-US", timezone_id="Asia/Tokyo", permissions=["clipboard-read", "clipboard-write"]
    )
    page = watched(context, troubles)
    page.goto("/p/images-empty")
    yield page
    context.close()
    assert not troubles


def provoked(troubles: list[str], status: int) -> None:
    """Remove the browser's own messages about a refusal that the test caused."""
    expected = f"status of {status}"
    assert any(expected in trouble for trouble in troubles)
    troubles[:] = [trouble for trouble in troubles if expected not in trouble]


def opens_add(page: Page):
    page.get_by_role("button", name="Add repository").click()
    field = page.get_by_role("combobox", name="Repository")
    expect(field).to_be_focused()
    return field


def selected(page: Page):
    return page.get_by_role("option", selected=True)


def test_a_dialog_takes_the_focus_and_gives_it_back(page):
    opens_add(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Add repository")).to_be_focused()


def test_the_focus_goes_to_the_page_where_what_opened_a_dialog_is_gone(page):
    page.goto("/p/images")
    opener = page.get_by_role("button", name="Remove storefront/web")
    opener.click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.locator("tr", has=opener).evaluate("row => row.remove()")
    page.keyboard.press("Escape")
    expect(page.get_by_role("main")).to_be_focused()


def test_the_focus_is_given_back_after_the_page_behind_an_operation_is_loaded_again(page):
    opens_add(page).fill("tools/cli")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    with page.expect_event("load"):
        page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Add repository")).to_be_focused(timeout=5_000)


def test_the_focus_never_leaves_an_open_dialog(page):
    opens_add(page)
    seen = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        # Between its last and its first control the browser's own bar has its turn, which to a page is its body.
        assert page.evaluate("document.activeElement.matches('body, dialog *')")
        seen.add(page.evaluate("document.activeElement.textContent.trim()"))
    assert {"Add", "Cancel", "Preview"} <= seen


def test_a_question_puts_the_focus_on_its_harmless_answer(page):
    page.goto("/p/images")
    page.get_by_role("button", name="Remove storefront/web").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_focused()


def test_the_list_is_walked_by_arrows_and_wraps(page):
    field = opens_add(page)
    field.press_sequentially("pay")
    expect(page.get_by_role("option")).to_have_count(2)
    for wanted in ("payments/api", "payments/worker", "payments/api"):
        field.press("ArrowDown")
        expect(selected(page)).to_have_text(wanted)
    field.press("ArrowUp")
    expect(selected(page)).to_have_text("payments/worker")


def test_a_list_that_arrives_while_the_one_before_is_walked_keeps_what_was_reached(page):
    field = opens_add(page)
    late = held(page, "**/repositories/options*", lambda: field.fill("pay"))
    field.press("ArrowDown")
    field.press("ArrowDown")
    reached = selected(page).get_attribute("data-value")
    answers(page, late, body=late.fetch().text(), content_type="text/html")
    expect(page.get_by_role("option")).to_have_count(2)
    expect(selected(page)).to_have_attribute("data-value", reached)
    assert field.get_attribute("aria-activedescendant") == selected(page).get_attribute("id")


def test_a_list_whose_dialog_is_emptied_while_it_is_put_in_is_left_out(page):
    field = opens_add(page)
    late = held(page, "**/repositories/options*", lambda: field.fill("tools/cli"))
    page.evaluate("""addEventListener('htmx:before:swap', event => {
        if (event.detail.ctx.sourceElement.id === 'repository') document.getElementById('modal-body').replaceChildren();
    })""")
    answers(page, late, body=late.fetch().text(), content_type="text/html")
    expect(field).to_have_count(0)


def test_enter_picks_and_the_dialog_stays(page):
    field = opens_add(page)
    field.press_sequentially("work")
    expect(page.get_by_role("option")).to_have_count(1)
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("payments/worker")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_the_first_escape_closes_the_list_and_the_second_the_dialog(page):
    field = opens_add(page)
    field.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.get_by_role("dialog")).to_be_visible()
    field.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_what_is_added_already_cannot_be_picked(page):
    field = opens_add(page)
    field.fill("storefront")
    option = page.get_by_role("option")
    expect(option).to_have_count(1)  # the list of all is gone, and nothing replaces this one
    expect(option).to_be_disabled()
    option.click(force=True)
    expect(field).to_have_value("storefront")


def test_matches_are_counted_aloud(page):
    opens_add(page).press_sequentially("pay")
    expect(page.locator("#live")).to_have_text("2 repositories match")


def test_a_name_that_does_not_exist_comes_back_with_its_neighbours(page, troubles):
    opens_add(page).fill("tools/clo")
    page.get_by_role("button", name="Add", exact=True).click()
    field = page.get_by_role("combobox", name="Repository")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_value("tools/clo")
    page.get_by_role("button", name="tools/cli").click()
    expect(field).to_have_value("tools/cli")
    provoked(troubles, 422)


def test_a_preview_is_fetched_when_it_is_opened_and_goes_with_the_form(page):
    page.goto("/p/images")
    page.get_by_role("button", name="Remove storefront/web").click()
    page.get_by_text("Preview").click()
    expect(page.get_by_role("group", name="Policy difference of storefront/web")).to_be_visible()
    expect(page.locator("dialog form input[name=previewed]")).to_have_value("storefront/web")


def test_another_selection_is_previewed_before_it_is_confirmed(page):
    page.goto("/p/prune-chosen")
    confirm = page.locator("form[method=post] .modal-foot [type=submit]")
    expect(confirm).to_be_enabled()
    page.get_by_role("checkbox").first.click()
    expect(confirm).to_be_disabled()


def test_a_failing_server_is_told_in_the_dialog_which_keeps_what_was_typed(page, troubles):
    opens_add(page).fill("breaks")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Something went wrong on the server.")).to_be_visible()
    expect(page.get_by_role("combobox", name="Repository")).to_have_value("breaks")
    provoked(troubles, 500)


def test_each_step_is_announced_once_and_in_order(page):
    listen(page)
    opens_add(page).fill("tools/cli")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("a#continue[href]")).to_be_visible()
    assert page.evaluate("announced.filter(text => text)")[-4:] == [
        "Step 1 of 4: Activate the image puller role",
        "Step 3 of 4: Update the repository policy",
        "Step 4 of 4: Verify access",
        "web-frontend can now pull images from storefront/web.",
    ]


def test_continue_waits_for_the_end_and_the_focus_stays_where_it_is(page):
    opens_add(page).fill("tools/cli")
    page.get_by_role("button", name="Add", exact=True).click()
    going_on = page.get_by_role("link", name="Continue")
    expect(going_on).to_have_attribute("aria-disabled", "true")
    expect(going_on).to_have_attribute("href", "/containers/us-east-1/web-frontend/images?added=storefront%2Fweb")
    expect(page.get_by_role("dialog").get_by_role("heading")).to_be_focused()


def test_an_operation_that_fails_leaves_the_focus_where_it_is(page):
    opens_add(page).fill("tools/cli")
    failing = Event()

    def progress(route: Route) -> None:
        if not failing.is_set():
            return route.fulfill(status=204)
        answer = route.fetch(url=page.url.replace("images-empty", "progress-failed"))
        # A poll's answer has no heading that takes the focus.
        return route.fulfill(response=answer, body=answer.text().replace(" autofocus", ""))

    page.route("**/operations/*/progress*", progress)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("heading")).to_be_focused()
    page.locator("#continue").focus()
    failing.set()
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    expect(page.get_by_role("link", name="Close")).to_be_focused()


def test_a_finished_progress_is_asked_for_no_more(page):
    opens_add(page).fill("tools/cli")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("a#continue[href]")).to_be_visible()
    assert page.locator("[hx-trigger^=every]").count() == 0


def test_closing_a_dialog_ends_its_polling(page):
    opens_add(page).fill("tools/cli")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("dialog .operation")).to_have_count(0)


def test_a_page_polls_no_sooner_than_a_busy_server_says(page):
    polls: list[str] = []

    def busy(route: Route) -> None:
        polls.append(route.request.url)
        route.fulfill(status=204, headers={"Poll-After": "30"})

    page.route("**/progress?*", busy)
    page.clock.install()
    with page.expect_event("requestfinished", lambda request: "/progress?" in request.url):
        page.goto("/p/operation")
        page.clock.run_for(600)
    page.clock.run_for(25_000)
    assert len(polls) == 1
    with page.expect_event("requestfinished", lambda request: "/progress?" in request.url):
        page.clock.run_for(6_000)
    assert len(polls) == 2


REMOVAL = "**/repositories/remove*"


def test_a_late_answer_does_not_replace_the_dialog_that_was_opened_since(page):
    page.goto("/p/images")
    late = held(page, REMOVAL, page.get_by_role("button", name="Remove storefront/web").click)
    expect(page.get_by_role("dialog").get_by_text("Loading…")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("heading", name="Deactivate the image puller role?")).to_be_visible()
    answers(page, late, response=late.fetch())
    expect(page.get_by_role("heading", name="Deactivate the image puller role?")).to_be_visible()


def test_a_dialog_that_was_closed_before_its_answer_came_opens_again(page):
    page.goto("/p/images")
    ask = page.get_by_role("button", name="Remove storefront/web")
    held(page, REMOVAL, ask.click)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    ask.click()
    expect(page.get_by_role("heading", name="Remove repository?")).to_be_visible()


def test_an_operation_whose_dialog_was_closed_before_the_answer_came_is_not_taken_as_shown(page):
    opens_add(page).fill("tools/cli")
    late = held(page, "**/repositories", page.get_by_role("button", name="Add", exact=True).click)
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    answers(page, late, response=late.fetch())
    expect(page.locator("dialog .operation")).to_have_count(0)


def test_an_unknown_operation_ends_its_polling_with_a_sentence(page, troubles):
    page.goto("/p/operation")
    page.evaluate(
        "() => { const op = document.querySelector('.operation'); op.id = 'operation-forgotten';"
        " htmx.ajax('GET', '/operations/forgotten/progress', { source: op, target: op }) }"
    )
    expect(page.get_by_text("This operation isn't in the history.")).to_be_visible()
    expect(page.locator("[hx-trigger^=every]")).to_have_count(0)
    provoked(troubles, 404)


def test_a_silent_server_is_told_and_the_message_goes_when_it_answers(page, troubles):
    asked = re.compile("/repositories/(options|check)")  # one that is answered takes the message away
    page.route(asked, lambda route: route.abort())
    field = opens_add(page)
    field.press_sequentially("p")
    expect(page.get_by_text("The server does not answer.")).to_be_visible()
    page.unroute(asked)
    field.press_sequentially("a")
    expect(page.get_by_text("The server does not answer.")).to_have_count(0)
    # What is sent isn't sent again by itself, as what the page asks for is.
    page.route(re.compile("/repositories$"), lambda route: route.abort())
    field.press("Escape")
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    unsent = page.get_by_text("What you entered is kept: try again in a moment.")
    expect(unsent).to_be_visible()
    with page.expect_response("**/repositories/check*"):
        field.fill("pab")
    expect(unsent).to_be_visible()
    expect(field).to_have_value("pab")
    troubles[:] = [each for each in troubles if "ERR_FAILED" not in each and "Failed to fetch" not in each]


def test_copying_puts_the_text_on_the_clipboard_and_says_so(page):
    page.goto("/p/images-added")
    listen(page)
    page.get_by_role("button", name="Copy image URI with tag 1.8.2").click()
    hears(page, "Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "123456789012.dkr.ecr.us-east-1.amazonaws.com/storefront/web:1.8.2"


def test_times_are_told_in_the_readers_zone(page):
    page.goto("/p/operation-done")
    expect(page.locator("time[data-local]").first).to_have_text("Nov 24, 2026, 6:29 PM")


def test_a_running_step_counts_its_seconds(page):
    page.route("**/progress?*", lambda route: route.fulfill(status=204))  # it stays the running step
    page.goto("/p/operation")
    running = page.locator("[data-since]")
    before = running.inner_text()
    expect(running).not_to_have_text(before)


def test_a_filter_shows_its_result_and_keeps_it_in_the_address(page):
    page.goto("/p/containers")
    page.get_by_role("searchbox", name="Find a container service").press_sequentially("batch")
    expect(page.get_by_role("rowheader")).to_have_text(["batch-worker"])
    expect(page).to_have_url(re.compile(r"/containers\?q=batch(&|$)"))
    expect(page.get_by_role("searchbox", name="Find a container service")).to_be_focused()


def test_the_skip_link_leads_past_the_navigation(page):
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
