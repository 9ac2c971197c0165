"""An open page stays true whatever its poll is answered, and a refresh leaves what the reader opened and closed."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.held import answers, held
from tests.browser.informed_console import informed_console
from tests.console import until

pytestmark = pytest.mark.browser

POLL = "**/changes?*"
SERVICE = "/api/v1/services/us-east-1/storefront-web"
DEPLOYMENTS = "/containers/us-east-1/storefront-web/deployments"

# The browser's own timer isn't among those that Playwright's clock moves: the first one is over sooner.
SOON = """
const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = ms => { AbortSignal.timeout = timeout; window.patience = ms; return timeout(ms / 100); };
"""


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with informed_console(tmp_path_factory.mktemp("console")) as running:
        yield running


def adds(console, repository):
    assert console.post(f"{SERVICE}/grants", {"repository": repository}).status == 202


def notice(page, repository):
    return page.get_by_role("region", name="Notifications").locator(".notice").filter(has_text=repository)


def test_a_poll_that_is_never_answered_is_given_up(mika, page):
    page.add_init_script(SOON)
    held(page, POLL, lambda: page.goto("/repositories"))
    adds(mika.console, "tools/cli")
    expect(notice(page, "tools/cli")).to_be_visible()
    assert page.evaluate("window.patience") == 20_000  # longer than the server may keep it


@pytest.mark.parametrize("status, repository", [(403, "edge/cache"), (404, "shared/base-node")])
def test_a_proxy_that_refuses_for_a_moment_does_not_end_the_poll(mika, page, troubles, status, repository):
    page.route(POLL, lambda route: route.fulfill(status=status), times=1)
    with page.expect_response(re.compile("/changes")):
        page.goto("/repositories")
    adds(mika.console, repository)
    expect(notice(page, repository)).to_be_visible()
    troubles[:] = [each for each in troubles if str(status) not in each]


@pytest.fixture
def signed_out(page, troubles):
    """A page whose poll ended with its session."""
    page.route(POLL, lambda route: route.fulfill(status=401), times=1)
    with page.expect_response(re.compile("/changes")):
        page.goto("/repositories")
    yield page
    troubles[:] = [each for each in troubles if "401" not in each]


def test_a_poll_that_ended_starts_again_once_something_is_answered(signed_out):
    with signed_out.expect_request(re.compile("/changes")):
        signed_out.keyboard.press("Control+k")


def test_a_poll_that_ended_starts_again_with_the_network(signed_out):
    signed_out.context.set_offline(True)
    with signed_out.expect_request(re.compile("/changes")):
        signed_out.context.set_offline(False)


def test_a_poll_that_is_started_again_takes_the_place_of_the_one_before(page):
    page.add_init_script("AbortSignal.timeout = () => new AbortController().signal")  # none ends by itself
    polls, ended = [], []

    def hold(route):
        polls.append(route)

    page.route(POLL, hold)
    page.on("requestfailed", lambda request: ended.append(request) if "/changes" in request.url else None)
    page.goto("/repositories")
    for count in (1, 2, 3):
        until(lambda: page.wait_for_timeout(1) or len(polls), lambda seen, count=count: seen == count)
        page.evaluate("dispatchEvent(new Event('online'))")
    until(lambda: page.wait_for_timeout(1) or (len(polls), len(ended)), lambda seen: seen == (4, 3))


def version(page, number):
    return page.get_by_role("article", name=f"Version {number}", exact=True)


def detail(page, number, name):
    return version(page, number).locator("details", has=page.locator("summary", has_text=name))


def test_the_log_of_a_version_loads_again_after_a_refresh(mika, page):
    page.goto(DEPLOYMENTS)
    log = detail(page, 3, "Log")
    log.locator("summary").click()
    expect(log.get_by_role("search")).to_be_visible()
    log.locator("summary").click()
    page.get_by_role("heading", level=1).click()
    refresh = held(page, f"**{DEPLOYMENTS}", lambda: adds(mika.console, "shared/base-python"))
    answers(page, refresh, response=refresh.fetch())
    log.locator("summary").click()
    expect(log.get_by_role("search")).to_be_visible()


def test_what_the_reader_closed_stays_closed_until_they_open_it(mika, page):
    page.goto(DEPLOYMENTS)
    changed = detail(page, 3, "What changed")
    expect(changed).to_have_attribute("open", "")
    changed.locator("summary").click()
    page.get_by_role("heading", level=1).click()
    refresh = held(page, f"**{DEPLOYMENTS}", lambda: adds(mika.console, "analytics/etl"))
    answers(page, refresh, response=refresh.fetch())
    expect(changed).not_to_have_attribute("open", "")
    # A version that comes in its place is another one.
    request = {"image": "storefront/web:5.2.1", "container": "web"}
    assert mika.console.post(f"{SERVICE}/deployments", request).status == 202
    expect(detail(page, 4, "What changed")).to_have_attribute("open", "")
    expect(changed).not_to_have_attribute("open", "")
    changed.locator("summary").click()
    expect(changed).to_have_attribute("open", "")
