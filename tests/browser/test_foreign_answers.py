"""Answers that are not the server's: a proxy's refusals and sign-in pages. They are told, and nothing typed is lost."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.held import answers, held, provoked
from tests.browser.informed_console import informed_console

pytestmark = pytest.mark.browser

IMAGES = "/containers/us-east-1/storefront-web/images"
ADDITION = re.compile("/repositories$")
REMOVAL = re.compile("/repositories/remove")
PROXY = "<html><head><title>Refused</title></head><body><h1>Refused by a proxy</h1></body></html>"
NO_ANSWER = "The server does not answer."
OURS = '<hx-partial hx-target="#modal-flash" hx-swap="innerHTML"><div class="flash">Not now.</div></hx-partial>'


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with informed_console(tmp_path_factory.mktemp("console")) as running:
        yield running


def replies(page: Page, url: re.Pattern[str] | str, status: int, body: str = PROXY) -> None:
    """Answer one request in place of the server."""
    page.route(url, lambda route: route.fulfill(status=status, content_type="text/html", body=body), times=1)


def enters(page: Page, repository: str):
    page.get_by_role("button", name="Add repository").first.click()
    field = page.get_by_role("combobox", name="Repository")
    expect(field).to_be_focused()
    with page.expect_response("**/repositories/options*"):
        field.fill(repository)
    field.press("Escape")
    return field


def adds(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()


def message(page: Page):
    return page.locator("#modal-flash")


@pytest.mark.parametrize("status", [400, 403, 413, 422, 429])
def test_a_form_that_a_proxy_refuses_is_told_and_sent_again(page, troubles, status):
    page.goto(IMAGES)
    field = enters(page, "analytics/etl")
    replies(page, ADDITION, status)
    adds(page)
    expect(message(page)).to_contain_text(f"The request was refused (HTTP {status}).")
    expect(message(page)).to_contain_text("What you entered is kept.")
    expect(message(page)).not_to_contain_text("Refused by a proxy")
    expect(field).to_have_value("analytics/etl")
    # A refusal of the server itself takes its place.
    field.fill("no such name")
    field.press("Escape")
    adds(page)
    expect(page.locator("#repository-error")).to_be_visible()
    expect(message(page)).to_be_empty()
    provoked(troubles, str(status), "422")


@pytest.mark.parametrize("status", [200, 203])
def test_a_page_that_a_proxy_answers_with_never_takes_the_place_of_a_form(page, status):
    page.goto(IMAGES)
    field = enters(page, "analytics/etl")
    replies(page, ADDITION, status)
    adds(page)
    expect(message(page)).to_contain_text("The answer did not come from Sailpass.")
    expect(field).to_have_value("analytics/etl")


@pytest.mark.parametrize(
    "status, told",
    [(502, NO_ANSWER), (429, "The request was refused (HTTP 429)."), (200, "The answer did not come from Sailpass.")],
)
def test_a_dialog_that_a_proxy_keeps_from_opening_says_so_and_opens_later(page, troubles, status, told):
    page.goto(IMAGES)
    replies(page, REMOVAL, status)
    button = page.get_by_role("button", name="Remove storefront/web").first
    button.click()
    expect(message(page)).to_contain_text(told)
    expect(message(page)).not_to_contain_text("What you entered")
    expect(page.get_by_role("dialog").get_by_text("Loading…")).to_have_count(0)
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    expect(page.get_by_role("heading", name="Remove repository?")).to_be_visible()
    expect(message(page)).to_be_empty()
    provoked(troubles, str(status))


def test_a_dialog_that_nothing_answers_says_so(page, troubles):
    page.goto(IMAGES)
    page.route(REMOVAL, lambda route: route.abort(), times=1)
    page.get_by_role("button", name="Remove storefront/web").first.click()
    expect(message(page)).to_contain_text(NO_ANSWER)
    provoked(troubles, "ERR_FAILED", "Failed to fetch")


def test_a_dialog_that_the_server_refuses_to_open_says_why(page, troubles):
    page.goto(IMAGES)
    replies(page, REMOVAL, 503, OURS)
    page.get_by_role("button", name="Remove storefront/web").first.click()
    expect(message(page)).to_contain_text("Not now.")
    expect(page.get_by_role("dialog").get_by_text("Loading…")).to_have_count(0)
    provoked(troubles, "503")


def test_a_part_of_a_dialog_that_a_proxy_refuses_is_told_beside_what_was_typed(page, troubles):
    page.goto(IMAGES)
    field = enters(page, "analytics/etl")
    replies(page, re.compile("/repositories/preview"), 429)
    page.get_by_role("dialog").locator("summary", has_text="Preview").click()
    expect(message(page)).to_contain_text("The request was refused (HTTP 429).")
    expect(field).to_have_value("analytics/etl")
    provoked(troubles, "429")


@pytest.mark.parametrize("status, told", [(502, NO_ANSWER), (429, "The request was refused (HTTP 429).")])
def test_a_filter_that_a_proxy_refuses_is_told_until_it_is_answered(page, troubles, status, told):
    page.goto("/repositories")
    replies(page, re.compile(r"/repositories\?.*q="), status)
    search = page.get_by_role("searchbox", name="Name")
    search.fill("edge")
    expect(page.locator("#flash")).to_contain_text(told)
    search.fill("edge/cache")
    expect(page.locator("#flash")).to_be_empty()
    expect(page.get_by_role("rowheader")).to_have_count(1)
    provoked(troubles, str(status))


def test_what_the_page_asks_by_itself_is_told_once_while_a_proxy_answers(page, troubles):
    page.goto("/permissions")  # which asks nothing by itself
    page.evaluate("""() => {
      window.told = 0;
      new MutationObserver(changes => { window.told += changes.filter(each => each.addedNodes.length).length; })
        .observe(document.getElementById('flash'), { childList: true });
    }""")
    for status in (502, 504):
        late = held(
            page,
            "/search*",
            lambda: page.evaluate("""() => {
          const part = document.createElement('div');
          part.setAttribute('aria-busy', 'true');
          document.body.append(part);
          htmx.ajax('GET', '/search?q=storefront', { source: part, target: part });
        }"""),
        )
        answers(page, late, status=status, content_type="text/html", body=PROXY)
    expect(page.locator("#flash")).to_contain_text(NO_ANSWER)
    assert page.evaluate("told") == 1
    provoked(troubles, "502", "504")


@pytest.mark.parametrize("width, height", [(390, 800), (1440, 900), (320, 256)])
@pytest.mark.parametrize("opens", ["Add repository", "Deploy an image of storefront/web"])
def test_a_message_of_a_dialog_is_in_view_on_every_screen(page, troubles, opens, width, height):
    page.set_viewport_size({"width": width, "height": height})
    page.goto(IMAGES)
    page.get_by_role("button", name=opens).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".modal-foot")).to_be_attached()
    replies(page, re.compile("/(repositories|deployments)$"), 413)
    ready = dialog.locator(".modal-foot [type=submit]:not([aria-disabled])")  # Deploy waits for its preview
    ready.press("Enter")
    expect(message(page)).to_contain_text("The request was refused (HTTP 413).")
    assert message(page).evaluate("""place => {
      const { top, bottom } = place.getBoundingClientRect();
      const title = place.querySelector('strong').getBoundingClientRect();
      return top >= 0 && bottom <= innerHeight && title.top >= top && title.bottom <= bottom
        && place.contains(document.elementFromPoint(title.left + 5, title.top + 5));
    }""")
    provoked(troubles, "413")


def test_a_request_that_seems_to_come_from_another_site_is_refused_in_our_words(page, troubles):
    def from_another_site(route):
        """As behind a proxy that changes the Host header."""
        answer = page.request.fetch(route.request, headers={**route.request.headers, "sec-fetch-site": "same-site"})
        route.fulfill(response=answer)

    page.goto(IMAGES)
    for url in (REMOVAL, ADDITION):
        page.route(url, from_another_site, times=1)
    page.get_by_role("button", name="Remove storefront/web").first.click()
    expect(message(page)).to_contain_text("the proxy in front of Sailpass changes the Host header")
    page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    field = enters(page, "analytics/etl")
    adds(page)
    expect(message(page)).to_contain_text("the proxy in front of Sailpass changes the Host header")
    expect(field).to_have_value("analytics/etl")
    provoked(troubles, "403")


def test_what_is_too_long_is_refused_in_our_words(page, troubles):
    page.goto(IMAGES)
    field = enters(page, "analytics/etl")
    page.route(re.compile("/repositories/(options|check)"), lambda route: route.fulfill(status=204))
    field.evaluate("(field, size) => { field.value = 'a'.repeat(size); }", 300_000)
    adds(page)
    expect(message(page)).to_contain_text("What you entered is too long. Shorten it, then try again.")
    expect(field).not_to_have_value("")
    provoked(troubles, "413")
