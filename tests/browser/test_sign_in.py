"""Sign-in and sign-out: the printed link, one button, a cookie, Sign out."""

import re

import pytest
from playwright.sync_api import Error, expect

from app.auth.operator import operator_name
from tests.browser.held import double_click
from tests.cli.running import quickly
from tests.console import start_console

pytestmark = pytest.mark.browser

IMAGES = "/containers/us-east-1/storefront-web/images"


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with start_console(tmp_path_factory.mktemp("console"), auth="local") as running:
        yield running


@pytest.fixture
def link(console):
    return quickly(console.environment, "sign-in-link").out.removeprefix("Sign in: ").strip()


def signs_in(page, link):
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_a_stranger_is_led_to_where_the_link_is_explained(page):
    page.goto(IMAGES)
    expect(page).to_have_url(re.compile("/sign-in[?]next="))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(page.get_by_text("Sailpass printed a sign-in link when it started")).to_be_visible()
    expect(page.get_by_role("link", name="History")).to_have_count(0)


def test_the_link_that_was_printed_at_the_start_signs_in_with_one_button(page, console):
    page.goto(console.sign_in_link)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/containers$"))
    expect(page.get_by_role("link", name="storefront-web", exact=True)).to_be_visible()


def test_a_double_click_signs_in_with_a_link_that_works_once(page, link):
    page.goto(link)
    double_click(page, "**/sign-in", page.get_by_role("button", name="Sign in"))
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_the_cookie_is_kept_from_scripts_and_other_sites(page, link):
    signs_in(page, link)
    (cookie,) = [one for one in page.context.cookies() if one["httpOnly"]]
    assert (cookie["sameSite"], cookie["path"], cookie["secure"]) == ("Lax", "/", False)
    assert page.evaluate("document.cookie").find(cookie["name"]) == -1


def test_a_link_that_was_used_says_so(page, link, troubles):
    signs_in(page, link)
    page.context.clear_cookies()
    page.goto(link)
    expect(
        page.get_by_text("This sign-in link isn't valid. It may have expired, or been used or replaced.")
    ).to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_have_count(0)
    troubles[:] = [trouble for trouble in troubles if "403" not in trouble]


def test_the_link_works_without_scripts_too_and_leads_back_to_what_was_asked_for(plain_page, link):
    plain_page.goto(f"{link}&next={IMAGES}")
    plain_page.get_by_role("button", name="Sign in").click()
    expect(plain_page.get_by_role("heading", name="Amazon ECR private repositories")).to_be_visible()
    plain_page.get_by_role("button", name="Sign out").click()
    plain_page.goto(IMAGES)
    expect(plain_page).to_have_url(re.compile("/sign-in[?]next="))


def test_sign_out_ends_the_session(page, link):
    signs_in(page, link)
    cookies = page.context.cookies()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    page.context.add_cookies(cookies)
    page.goto("/history")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_back_after_sign_out_shows_no_answer_to_a_form(page, link, troubles):
    signs_in(page, link)
    page.goto("/containers/us-east-1/storefront-web/repositories/many")
    page.get_by_role("checkbox", name="analytics/etl").check()
    page.get_by_role("button", name="Preview", exact=True).click()
    page.get_by_role("heading", name="Preview: Add repositories").wait_for()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_back()
    troubles.clear()


def test_the_one_who_signed_in_is_named_in_the_history(page, link, mika):
    signs_in(page, link)
    mika.opens_images_of("storefront-web")
    mika.asks_to_add("tools/cli")
    mika.continues()
    mika.opens_last_operation("storefront-web")
    expect(page.get_by_role("region", name="About this operation")).to_contain_text(
        re.compile(rf"Started by\s*{re.escape(operator_name())}")
    )


@pytest.fixture
def elsewhere(chromium, console):
    """A page of another browser."""
    context = chromium.new_context(base_url=console.url, locale="en-US")
    yield context.new_page()
    context.close()


def new_link(console):
    return quickly(console.environment, "sign-in-link").out.removeprefix("Sign in: ").strip()


def sessions(page):
    return page.get_by_role("region", name=re.compile("^Sessions")).get_by_role("row")


def test_another_session_is_ended_from_the_page_that_its_name_leads_to(page, elsewhere, console):
    signs_in(elsewhere, new_link(console))
    signs_in(page, new_link(console))
    page.get_by_role("link", name=f"Sign-ins: {operator_name()}").click()
    expect(page.get_by_role("heading", name="Sign-ins", exact=True)).to_be_visible()
    expect(sessions(page).filter(has_text="This browser")).to_contain_text("127.0.0.1")
    other = sessions(page).filter(has_not_text="This browser").filter(has=page.get_by_role("button")).first
    other.get_by_role("button", name="End session").click()
    page.get_by_role("dialog").get_by_role("button", name="End session").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    elsewhere.goto("/history")
    expect(elsewhere).to_have_url(re.compile("/sign-in[?]next="))


def test_signing_out_everywhere_ends_this_session_and_the_others(page, elsewhere, console):
    signs_in(elsewhere, new_link(console))
    signs_in(page, new_link(console))
    page.goto("/sign-ins")
    page.get_by_role("button", name="Sign out everywhere").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    for each in (page, elsewhere):
        each.goto("/history")
        expect(each).to_have_url(re.compile("/sign-in[?]next="))


def test_sessions_are_ended_without_scripts_too(plain_page, elsewhere, console):
    signs_in(elsewhere, new_link(console))
    signs_in(plain_page, new_link(console))
    plain_page.goto("/sign-ins")
    plain_page.get_by_role("button", name="Sign out everywhere").click()
    expect(plain_page.get_by_role("heading", name="Sign out everywhere?")).to_be_visible()
    plain_page.get_by_role("button", name="Sign out everywhere").click()
    elsewhere.goto("/history")
    expect(elsewhere).to_have_url(re.compile("/sign-in[?]next="))


def test_two_consoles_on_one_host_do_not_sign_each_other_out(page, console, tmp_path):
    with start_console(tmp_path / "second", sandbox=console.sandbox, auth="local") as second:
        signs_in(page, new_link(console))
        signs_in(page, second.sign_in_link)
        for url in (console.url, second.url):
            page.goto(f"{url}/history")
            expect(page.get_by_role("heading", name="History", exact=True)).to_be_visible()
        page.goto("about:blank")  # it would go on asking the second one, which ends now


def test_a_session_that_ends_while_a_repository_is_added_loses_nothing_that_was_typed(page, link, console, troubles):
    signs_in(page, link)
    page.goto(IMAGES)
    page.get_by_role("button", name="Add repository").first.click()
    dialog = page.get_by_role("dialog")
    field = dialog.get_by_role("combobox")
    expect(field).to_be_visible()  # a dialog that is still to come is asked for with the session
    page.context.clear_cookies()
    field.fill("analytics/etl")
    expect(dialog.get_by_text("Operations continue.")).to_be_visible()
    field.press("Escape")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_text("You are signed out. Nothing was sent.")).to_be_visible()
    expect(field).to_have_value("analytics/etl")
    again = page.context.new_page()
    signs_in(again, quickly(console.environment, "sign-in-link").out.removeprefix("Sign in: ").strip())
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_role("heading", name="Added analytics/etl")).to_be_visible()
    troubles[:] = [trouble for trouble in troubles if "401" not in trouble]
