"""An open page keeps itself true: endings are told in every tab, parts refresh, nothing is asked while it is hidden."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import watched
from tests.browser.held import answers, held
from tests.browser.informed_console import informed_console
from tests.console import until
from tests.reader import Reader

pytestmark = pytest.mark.browser

GRANTS = "/api/v1/services/us-east-1/storefront-web/grants"
REPOSITORY = "/repositories/us-east-1"


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with informed_console(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture(autouse=True)
def _short_waits(page):
    """The server answers after a second where nothing changes: a request that a test holds is aborted after fifteen."""
    page.context.route(
        "**/changes?*", lambda route: route.continue_(url=route.request.url.replace("wait=10", "wait=1"))
    )


def notice(page, repository):
    return page.get_by_role("region", name="Notifications").locator(".notice").filter(has_text=repository)


def hears_no_more(page):
    """Wait until the page has polled and nothing was new."""

    def is_empty(answer):
        url = urlsplit(answer.url)
        return url.path == "/changes" and parse_qs(url.query)["seen"] == [answer.json()["version"]]

    page.wait_for_event("response", is_empty)


def test_the_end_of_an_operation_is_told_in_another_tab_and_its_page_refreshes_itself(mika, page, troubles):
    page.goto(f"{REPOSITORY}/tools/cli")
    expect(page.get_by_text("No container service can pull from this repository")).to_be_visible()
    other = watched(page.context, troubles)
    other.goto("/containers/us-east-1/storefront-web/images")
    page.bring_to_front()
    mika.console.post(GRANTS, {"repository": "tools/cli"})
    expect(notice(page, "tools/cli")).to_contain_text("storefront-web can now pull images from tools/cli.")
    expect(notice(page, "tools/cli").get_by_role("link", name="Add repository: tools/cli")).to_be_visible()
    expect(page.get_by_role("button", name="Remove from storefront-web")).to_be_visible()
    expect(page.locator("#page-live")).to_contain_text("can now pull")
    other.bring_to_front()
    expect(other.get_by_role("link", name="tools/cli", exact=True)).to_be_visible()
    other.close()


def test_a_failure_stays_until_it_is_dismissed_and_marks_the_title(mika, page):
    page.goto("/history")
    mika.console.post(GRANTS, {"repository": "payments/ledger"})
    expect(page).to_have_title(re.compile("^✕ Failed · History"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("icon-failed"))
    expect(page.get_by_role("link", name="Add repository: payments/ledger").first).to_be_visible()
    notice(page, "payments/ledger").get_by_role("button", name="Dismiss").click()
    expect(notice(page, "payments/ledger")).to_have_count(0)
    expect(page).to_have_title(re.compile("^History"))
    expect(page.locator("link[rel=icon]")).to_have_attribute("href", re.compile(r"/icon\.svg"))


def test_a_hidden_tab_asks_nothing_and_catches_up_when_it_is_seen_again(mika, page):
    hide = "document.dispatchEvent(new Event('visibilitychange'))"
    page.add_init_script("window.away = false; Object.defineProperty(document, 'hidden', { get: () => window.away })")
    with page.expect_request(re.compile("/changes")):
        page.goto("/repositories")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/changes" in request.url else None)
    page.evaluate(f"window.away = true; {hide}")
    asked.clear()
    Reader(mika.console).ended(Reader(mika.console).adds("shared/base-node"))
    page.evaluate("0")  # until then no request of the page is reported
    assert asked == []
    page.evaluate(f"window.away = false; {hide}")
    expect(notice(page, "shared/base-node")).to_be_visible()


def test_a_deployment_appears_on_the_tab_that_is_open(mika, page):
    page.goto("/containers/us-east-1/storefront-web/deployments")
    expect(page.get_by_text("Version 3").first).to_be_visible()
    expect(page.get_by_text("Version 4")).to_have_count(0)
    request = {"image": "storefront/web:5.2.1", "container": "web"}
    assert mika.console.post("/api/v1/services/us-east-1/storefront-web/deployments", request).status == 202
    expect(page.get_by_text("Version 4").first).to_be_visible()


def test_the_page_of_an_operation_shows_its_policy_changes_once_they_are_made(mika, page):
    started = mika.console.post("/api/v1/services/us-east-1/payments-api/grants", {"repository": "edge/cache"}).json
    page.goto(f"/operations/{started['id']}")
    expect(page.get_by_role("heading", name="Repository policy changes")).to_be_visible()


def test_a_finding_is_repaired_and_its_row_goes_by_itself(mika, page):
    page.goto("/findings")
    count = page.locator("#findings-count span").first
    before = int(count.inner_text())
    page.get_by_role("button", name="Repair access of analytics/reports").click()
    page.locator("#modal").get_by_role("button", name="Repair access").click()
    expect(page.locator("#modal").get_by_role("link", name="Continue")).to_have_attribute("href", re.compile("/"))
    page.locator("#modal").get_by_role("button", name="Close").first.click()
    expect(page.get_by_role("button", name="Repair access of analytics/reports")).to_have_count(0)
    expect(count).to_have_text(str(before - 1))


def test_a_finding_is_dismissed_in_the_dialog(mika, page):
    page.goto("/findings")
    row = page.get_by_role("row").filter(has_text="tokyo/inbox")
    row.get_by_role("button", name=re.compile("^Dismiss")).click()
    page.get_by_label("Reason").fill("Partners push here")
    page.locator("#modal").get_by_role("button", name="Dismiss", exact=True).click()
    expect(page.get_by_role("row").filter(has_text="tokyo/inbox")).to_have_count(0)
    page.get_by_label("Show dismissed").check()
    expect(page.get_by_text("Partners push here")).to_be_visible()


def test_what_starts_while_the_last_poll_is_on_its_way_appears(mika, page):
    """Its answer is a picture from before, and ends the polling."""
    reader, sandbox, tab = Reader(mika.console), mika.console.sandbox, "/containers/us-east-1/batch-worker/images"
    sandbox.options(activation_seconds=600)
    first = reader.adds("payments/api", service="batch-worker")
    page.goto(tab)
    expect(page.get_by_text("An operation is running")).to_be_visible()
    poll = held(page, f"**{tab}")
    sandbox.advance(600)
    sandbox.options(activation_seconds=0.3)
    reader.ended(first)
    picture = until(poll.fetch, lambda answer: "hx-trigger" not in answer.text())
    reader.ended(reader.adds("storefront/web", service="batch-worker"))
    expect(notice(page, "storefront/web")).to_be_visible()
    hears_no_more(page)
    answers(page, poll, response=picture)
    expect(page.get_by_role("link", name="storefront/web", exact=True)).to_be_visible()


def test_a_filter_that_is_answered_with_how_things_were_is_brought_up_to_date(mika, page):
    page.goto("/repositories")
    filtered = held(page, "**/repositories?q=base-node*", lambda: page.get_by_label("Name").fill("base-node"))
    picture = filtered.fetch()
    granted = "/api/v1/services/us-east-1/payments-api/grants"
    assert mika.console.post(granted, {"repository": "shared/base-node"}).status == 202
    row = page.get_by_role("row").filter(has_text="shared/base-node")
    expect(row).to_contain_text("payments-api")
    hears_no_more(page)
    answers(page, filtered, response=picture)
    expect(page.get_by_role("row").filter(has_text="storefront/web")).to_have_count(0)
    expect(row).to_contain_text("payments-api")


def test_a_part_whose_refresh_fails_is_refreshed_after_the_next_poll(mika, page, troubles):
    url = f"{REPOSITORY}/analytics/etl"
    page.goto(url)
    page.route(f"**{url}", lambda route: route.fulfill(status=503))
    mika.console.post(GRANTS, {"repository": "analytics/etl"})
    expect(notice(page, "analytics/etl")).to_be_visible()
    hears_no_more(page)
    assert any("503" in each for each in troubles)
    page.unroute(f"**{url}")
    expect(page.get_by_role("button", name="Remove from storefront-web")).to_be_visible()
    troubles[:] = [each for each in troubles if "503" not in each]


def test_a_detail_that_is_opened_while_a_refresh_is_on_its_way_stays_open(mika, page):
    url = f"{REPOSITORY}/payments/api"
    page.goto(url)
    refresh = held(page, f"**{url}", lambda: mika.console.post(GRANTS, {"repository": "payments/api"}))
    expect(notice(page, "payments/api")).to_be_visible()
    detail = page.locator("#repository-body details", has_text="Do it yourself")
    detail.locator("summary").click()
    answers(page, refresh, response=refresh.fetch())
    expect(detail).to_have_attribute("open", "")
    expect(page.get_by_role("button", name="Remove from storefront-web")).to_have_count(0)
    detail.locator("summary").click()
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_role("button", name="Remove from storefront-web")).to_be_visible()


# A browser that lets tabs be hidden, and notes what it would show.
AWAY = """
window.away = false;
Object.defineProperty(document, 'hidden', { get: () => window.away });
window.hide = away => { window.away = away; document.dispatchEvent(new Event('visibilitychange')); };
window.shown = [];
window.Notification = class extends EventTarget {
  static permission = 'default';
  static asked = 0;
  static async requestPermission() { Notification.asked += 1; return Notification.permission = '%s'; }
  constructor(title, options) { super(); this.title = title; this.tag = options.tag; window.shown.push(this); }
  close() {}
};
"""


def switch(page):
    page.locator("[data-notify] summary").click()
    return page.get_by_role("switch", name="Notify me in this browser")


def test_the_browser_notifies_once_of_what_ended_while_no_tab_was_in_view(mika, page, troubles):
    """Once switched on, in one of the tabs; a click leads to the operation."""
    page.context.add_init_script(AWAY % "granted")
    page.goto("/repositories")
    assert page.evaluate("Notification.asked") == 0
    switch(page).check()
    expect(switch_hint(page)).to_contain_text("When an operation that you started ends")
    other = watched(page.context, troubles)
    other.goto("/history")
    other.evaluate("Notification.permission = 'granted'")
    for tab in (page, other):
        tab.evaluate("window.hide(true)")
    reader = Reader(mika.console)
    operation = reader.adds("shared/base-python")
    reader.ended(operation)
    tag = f"sailpass-{operation.rsplit('/', 1)[1]}"
    shown = f"window.shown.filter(each => each.tag === '{tag}')"
    tabs = until(lambda: [tab for tab in (page, other) if tab.evaluate(f"{shown}.length")], bool)
    assert [tab.evaluate(f"{shown}.map(each => each.title)") for tab in tabs] == [
        ["Add repository: shared/base-python"]
    ]
    tabs[0].evaluate(f"{shown}[0].dispatchEvent(new Event('click'))")
    expect(tabs[0]).to_have_url(re.compile(operation))
    other.close()


def test_nothing_is_notified_while_a_tab_is_in_view(mika, page, troubles):
    page.context.add_init_script(AWAY % "granted")
    page.goto("/repositories")
    switch(page).check()
    other = watched(page.context, troubles)
    other.goto("/history")
    other.evaluate("Notification.permission = 'granted'")
    other.evaluate("window.hide(true)")
    Reader(mika.console).ended(Reader(mika.console).adds("edge/cache"))
    expect(notice(page, "edge/cache")).to_be_visible()
    expect(notice(other, "edge/cache")).to_have_count(1)  # known to it as well
    assert [tab.evaluate("window.shown.length") for tab in (page, other)] == [0, 0]
    other.close()


def test_a_browser_that_does_not_notify_says_why(page):
    page.add_init_script(AWAY % "denied")
    page.goto("/repositories")
    switch(page).click()
    expect(switch_hint(page)).to_contain_text("blocked in the browser's settings")
    expect(page.get_by_role("switch")).to_be_disabled()
    page.add_init_script("delete window.Notification")
    page.reload()
    expect(switch(page)).to_be_disabled()
    expect(switch_hint(page)).to_contain_text("This browser can't notify here")


def switch_hint(page):
    return page.locator("#notify-hint")
