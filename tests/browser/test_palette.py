"""The search of every page and the command palette, with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.held import answers, held
from tests.console import until

pytestmark = pytest.mark.browser

WEB = "/containers/us-east-1/storefront-web"


def is_search(query: str):
    return lambda url: f"/search?q={query}" in url


@pytest.fixture
def at_containers(page: Page, console) -> Page:
    """The list of containers, everything being read."""
    until(lambda: console.get("/api/v1/search?q=storefront").json["unread"], lambda unread: not unread)
    page.goto("/containers")
    return page


def opens(page: Page) -> Locator:
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="Search everything")
    expect(field).to_be_focused()
    return field


def option(page: Page, name: str) -> Locator:
    return page.get_by_role("option", name=name)


def active(page: Page) -> str:
    """The name of the option that assistive technology is told of."""
    return page.evaluate(
        "document.getElementById(document.activeElement.getAttribute('aria-activedescendant'))?.firstElementChild.textContent ?? ''"
    )


def test_slash_leads_to_the_search_and_enter_to_its_page(at_containers):
    page = at_containers
    page.keyboard.press("/")
    field = page.get_by_role("searchbox", name="Search everything")
    expect(field).to_be_focused()
    page.keyboard.type("a/b")  # a slash that is typed is a slash
    expect(field).to_have_value("a/b")
    field.fill("tools")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Repositories").wait_for()
    page.get_by_role("link", name="tools/cli", exact=True).click()
    page.get_by_role("heading", name="tools/cli").wait_for()


def test_the_palette_finds_and_opens_with_the_keyboard_alone(at_containers):
    page = at_containers
    field = opens(page)
    expect(option(page, "Findings")).to_be_visible()  # before anything is typed there are the pages
    page.keyboard.type("storefront")
    expect(option(page, "Add repository to storefront-web")).to_be_visible()
    until(lambda: active(page), lambda name: name == "storefront-web")
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("8 results")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    assert active(page) == "storefront/nginx-sidecar"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert active(page).startswith("arn:")  # from the first to the last
    page.keyboard.press("ArrowDown")
    expect(field).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{WEB}")


def test_the_first_key_finds_the_palette_ready(page, console):
    """However late htmx starts: it waits for a timeout, which a browser at work runs after the page was loaded."""
    page.add_init_script("const later = setTimeout; setTimeout = (call, ms) => later(call, ms ?? 5000)")
    page.goto("/containers")
    opens(page)
    expect(option(page, "Findings")).to_be_visible(timeout=4000)


def test_an_action_opens_its_own_page(at_containers):
    page = at_containers
    opens(page)
    page.keyboard.type("add repo payments")
    until(lambda: active(page), lambda name: name == "Add repository to payments-api")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Repository")).to_be_visible()


def test_escape_gives_the_focus_back_and_leaves_nothing(at_containers):
    page = at_containers
    link = page.get_by_role("link", name="storefront-web", exact=True)
    link.focus()
    opens(page)
    page.keyboard.type("tools")
    expect(option(page, "tools/cli")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(link).to_be_focused()
    expect(opens(page)).to_have_value("")
    page.keyboard.press("Control+k")  # the same keys close it
    expect(link).to_be_focused()


def test_an_answer_to_what_is_no_longer_typed_is_dropped(at_containers):
    page = at_containers
    waiting = []

    def hold(route):
        waiting.append(route)

    page.route(lambda url: "/search?q=" in url, hold)
    field = opens(page)
    field.fill("storefront")
    until(lambda: page.wait_for_timeout(1) or waiting, lambda routes: routes and "storefront" in routes[-1].request.url)
    field.fill("tools")
    waiting[-1].continue_()  # the answer comes while another text is in the field
    until(lambda: page.wait_for_timeout(1) or waiting, lambda routes: "tools" in routes[-1].request.url)
    assert active(page) == ""
    expect(option(page, "storefront-web")).to_have_count(0)
    waiting[-1].continue_()
    until(lambda: active(page), lambda name: name == "tools/cli")


def test_a_late_answer_leaves_the_mark_on_what_the_arrows_reached(at_containers):
    page = at_containers
    opens(page)
    page.keyboard.type("storefron")
    until(lambda: active(page), lambda name: name == "storefront-web")
    late = held(page, "**/search?q=storefront*", lambda: page.keyboard.type("t"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert active(page) == "storefront/nginx-sidecar"
    answers(page, late, response=late.fetch())
    assert active(page) == "storefront/nginx-sidecar"
    page.keyboard.press("Backspace")  # another text is another choice
    until(lambda: active(page), lambda name: name == "storefront-web")


def test_enter_before_the_answer_opens_no_other_result(at_containers):
    page = at_containers
    opens(page)
    until(lambda: active(page), lambda name: name == "Containers")
    page.route(is_search("tools"), lambda route: route.continue_() if route.request.is_navigation_request() else None)
    page.keyboard.type("tools")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=tools")


def test_a_search_that_fails_says_so(at_containers, troubles):
    page = at_containers
    page.route(is_search("x"), lambda route: route.fulfill(status=503, body=""))
    opens(page)
    page.keyboard.type("x")
    expect(option(page, "The search failed.")).to_be_visible()
    troubles[:] = [trouble for trouble in troubles if "503" not in trouble]


def test_the_palette_stays_away_from_another_dialog_and_from_typing(at_containers):
    page = at_containers
    page.goto(f"{WEB}/images")
    page.get_by_role("button", name="Add repository").first.click()
    repository = page.get_by_role("combobox", name="Repository")
    expect(repository).to_be_focused()
    page.keyboard.type("a/")
    page.keyboard.press("Control+k")
    expect(repository).to_have_value("a/")
    expect(page.get_by_role("dialog")).to_have_count(1)


def test_on_a_phone_the_icon_and_the_keys_open_the_palette(at_containers):
    page = at_containers
    page.set_viewport_size({"width": 390, "height": 844})
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Search everything")
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Search and actions").click()
    expect(field).to_be_focused()


def test_the_shortcut_of_one_character_can_be_turned_off(at_containers):
    page = at_containers
    page.get_by_role("group", name="Shortcut /").get_by_role("button", name="Off").click()
    page.get_by_role("heading", name="Containers", exact=True).wait_for()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search everything")).not_to_be_focused()
    opens(page)


def test_without_scripts_the_field_leads_to_the_page(ken):
    ken.page.goto("/containers")
    ken.page.get_by_role("searchbox", name="Search everything").fill("tools")
    ken.page.get_by_role("searchbox", name="Search everything").press("Enter")
    expect(ken.page.get_by_role("link", name="tools/cli", exact=True)).to_be_visible()
    ken.page.get_by_role("link", name="Search and actions").click()
    expect(ken.page.get_by_role("heading", name="Pages")).to_be_visible()
