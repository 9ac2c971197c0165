"""Answers that come late, or not at all: what is said of them, and what is typed meanwhile."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.announcements import hears, listen
from tests.browser.held import answers, held, provoked
from tests.browser.informed_console import informed_console
from tests.reader import Reader

pytestmark = pytest.mark.browser

IMAGES = "/containers/us-east-1/storefront-web/images"
ADDITION = re.compile("/repositories$")
NO_ANSWER = "The server does not answer. What you entered is kept"
LATE = "The request from the dialog that you closed may not have arrived"
REFUSED_LATE = "The request from the dialog that you closed was refused."
BROKEN = '<hx-partial hx-target="#%s" hx-swap="innerHTML"><div class="flash">Something broke.</div></hx-partial>'


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with informed_console(tmp_path_factory.mktemp("console")) as running:
        yield running


def enters(page: Page, repository: str):
    """Fill the Add dialog and close its list."""
    page.get_by_role("button", name="Add repository").first.click()
    field = page.get_by_role("combobox", name="Repository")
    expect(field).to_be_focused()
    types(page, repository)
    return field


def types(page: Page, repository: str) -> None:
    """Enter a name and wait for what matches: asked for after the dialog had gone, it would be a warning."""
    field = page.get_by_role("combobox", name="Repository")
    with page.expect_response("**/repositories/options*"):
        field.fill(repository)
    field.press("Escape")


def adds(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()


def closes(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def fails_once(page: Page, url: re.Pattern[str] | str, status: int, body: str) -> None:
    page.route(url, lambda route: route.fulfill(status=status, content_type="text/html", body=body), times=1)


def test_a_failure_that_a_proxy_answers_is_told_and_what_was_entered_stays(page, troubles):
    page.goto(IMAGES)
    fails_once(page, ADDITION, 502, "<html><body><h1>502 Bad Gateway</h1></body></html>")
    field = enters(page, "analytics/etl")
    adds(page)
    expect(page.locator("#modal-flash")).to_contain_text(NO_ANSWER)
    expect(field).to_have_value("analytics/etl")
    provoked(troubles, "502")


def test_a_refusal_after_the_dialog_was_closed_is_told_on_the_page(page, troubles):
    page.goto(IMAGES)
    enters(page, "tools/clo")
    late = held(page, ADDITION, lambda: adds(page))
    closes(page)
    answers(page, late, response=late.fetch())
    expect(page.locator("#flash")).to_contain_text(REFUSED_LATE)
    provoked(troubles, "422")


@pytest.mark.parametrize("answered", [False, True])
def test_a_failure_after_another_dialog_was_opened_is_told_as_that_of_the_one_before(page, troubles, answered):
    page.goto(IMAGES)
    enters(page, "tools/cli")
    late = held(page, ADDITION, lambda: adds(page))
    closes(page)
    page.get_by_role("button", name="Remove storefront/web").first.click()
    expect(page.get_by_role("heading", name="Remove repository?")).to_be_visible()
    if answered:
        answers(page, late, status=500, content_type="text/html", body=BROKEN % "modal-flash")
    else:
        late.abort()
    expect(page.locator("#modal-flash")).to_contain_text(LATE)
    expect(page.get_by_role("heading", name="Remove repository?")).to_be_visible()
    provoked(troubles, "500", "ERR_FAILED", "Failed to fetch")


def test_a_late_answer_that_leads_elsewhere_leaves_the_dialog_that_was_opened_since(page):
    page.goto("/findings")
    dismissals = page.get_by_role("button", name=re.compile("^Dismiss"))
    dismissals.nth(0).click()
    page.get_by_label("Reason").fill("Partners push here")
    confirm = page.locator("#modal").get_by_role("button", name="Dismiss", exact=True)
    late = held(page, "**/dismiss", confirm.click)
    closes(page)
    dismissals.nth(1).click()
    page.get_by_label("Reason").fill("A long reason for the second one")
    answer = late.fetch()
    assert answer.headers["hx-redirect"]
    loads: list[str] = []
    page.on("framenavigated", lambda frame: loads.append(frame.url))
    answers(page, late, response=answer)
    # Had the page begun to load, this would wait for it.
    page.get_by_label("Reason").press("End")
    page.get_by_label("Reason").press_sequentially("!")
    expect(page.get_by_label("Reason")).to_have_value("A long reason for the second one!")
    assert loads == []


def test_a_message_of_the_server_goes_when_the_same_is_sent_again_and_answered(page, troubles):
    page.goto(IMAGES)
    fails_once(page, ADDITION, 503, BROKEN % "modal-flash")
    enters(page, "payments/api")
    adds(page)
    message = page.locator("#modal-flash").get_by_text("Something broke.")
    expect(message).to_be_visible()
    # The answer to another request says nothing of it.
    types(page, "payments/worker")
    types(page, "payments/api")
    expect(message).to_be_visible()
    adds(page)
    expect(page.locator("#modal .operation")).to_be_visible()
    expect(message).to_have_count(0)
    provoked(troubles, "503")


def test_a_form_that_was_not_sent_is_still_told_when_what_failed_before_it_is_answered(page, troubles):
    page.goto(IMAGES)
    fails_once(page, "**/repositories/options*", 503, BROKEN % "modal-flash")
    enters(page, "tools/cli")
    expect(page.locator("#modal-flash")).to_contain_text("Something broke.")
    fails_once(page, ADDITION, 502, "")
    adds(page)
    expect(page.locator("#modal-flash")).to_contain_text(NO_ANSWER)
    types(page, "tools")
    expect(page.get_by_role("option", include_hidden=True)).to_have_count(1)
    expect(page.locator("#modal-flash")).to_contain_text(NO_ANSWER)
    provoked(troubles, "503", "502")


def test_a_message_of_the_server_goes_when_the_part_that_failed_is_refreshed(page, console, troubles):
    url = "/repositories/us-east-1/edge/cache"
    page.goto(url)
    fails_once(page, f"**{url}", 503, BROKEN % "flash")
    console.post("/api/v1/services/us-east-1/storefront-web/grants", {"repository": "edge/cache"})
    expect(page.locator("#flash").get_by_text("Something broke.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove from storefront-web")).to_be_visible()
    expect(page.locator("#flash")).to_be_empty()
    provoked(troubles, "503")


def test_what_is_typed_while_a_form_is_refused_is_kept(page, troubles):
    page.goto(IMAGES)
    field = enters(page, "tools/clo")
    late = held(page, ADDITION, lambda: adds(page))
    types(page, "tools/cli")
    answers(page, late, response=late.fetch())
    expect(field).to_have_value("tools/cli")
    # What was refused was the other name.
    expect(page.locator("#repository-error")).to_have_count(0)
    provoked(troubles, "422")


def test_old_news_is_not_said_again_over_newer(page, console):
    reader = Reader(console)
    operation = reader.adds("tools/cli")
    reader.ended(operation)
    page.goto(operation.replace("/api/v1", ""))
    news = page.locator("#main [data-say]").last
    old = news.get_attribute("data-say")
    assert old
    listen(page)
    swaps(page)
    say(page, "Something newer")
    swaps(page)
    assert old not in page.evaluate("announced")
    news.evaluate("news => { news.dataset.say = 'Something changed' }")
    swaps(page)
    hears(page, "Something changed")
    say(page, "Something newer still")
    swaps(page)
    assert page.evaluate("announced.at(-1)") == "Something newer still"


def say(page: Page, text: str) -> None:
    """Announce as the notices do."""
    page.evaluate("text => { document.getElementById('page-live').textContent = text }", text)


def swaps(page: Page) -> None:
    """Let htmx bring a part that changes nothing on the page."""
    page.evaluate("""async () => {
      const part = document.body.appendChild(document.createElement('div'));
      await htmx.ajax('GET', '/search?q=storefront', { source: part, target: part });
      part.remove();
    }""")
