"""The way in and out of a console that lets nobody in unasked: the printed link, one button, a cookie, Sign out."""

import re

import pytest
from playwright.sync_api import expect

from app.auth.terminal import operator_name
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


def test_the_cookie_is_kept_from_scripts_and_other_sites(page, link):
    signs_in(page, link)
    (cookie,) = [one for one in page.context.cookies() if one["httpOnly"]]
    assert (cookie["sameSite"], cookie["path"], cookie["secure"]) == ("Lax", "/", False)
    assert page.evaluate("document.cookie").find(cookie["name"]) == -1


def test_a_link_that_was_used_says_so(page, link, troubles):
    signs_in(page, link)
    page.context.clear_cookies()
    page.goto(link)
    expect(page.get_by_text("This sign-in link is wrong, too old or has been used already.")).to_be_visible()
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


def test_the_one_who_signed_in_is_named_in_the_history(page, link, mika):
    signs_in(page, link)
    mika.opens_images_of("storefront-web")
    mika.asks_to_add("tools/cli")
    mika.continues()
    mika.opens_last_operation("storefront-web")
    expect(page.get_by_role("region", name="About this operation")).to_contain_text(f"Asked by{operator_name()}")
