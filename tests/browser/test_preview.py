"""The preview of an Add belongs to what is chosen: another choice or another policy renews it, and none is outdated."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.browser.held import held
from tests.console import until

pytestmark = pytest.mark.browser

OTHER = {"Sid": "Other", "Effect": "Allow", "Principal": "*", "Action": "ecr:DescribeImages"}
POLICY = {"Version": "2012-10-17", "Statement": [OTHER]}
FREEZE = {"Sid": "Freeze", "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"}
DENIED = {"Version": "2012-10-17", "Statement": [FREEZE]}


@pytest.fixture
def adding(mika):
    """The Add dialog with an open preview of a repository without a policy."""
    mika.console.sandbox.put_policy("analytics/etl", None)
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.asks("Add repository")
    mika.dialog.get_by_role("combobox").fill("analytics/etl")
    mika.dialog.get_by_role("combobox").press("Escape")
    mika.dialog.get_by_text("Preview", exact=True).click()
    expect(diff_of(mika, "analytics/etl")).to_contain_text("AllowLightsailPull-storefront-web")
    return mika


def diff_of(person, repository):
    return person.dialog.get_by_role("group", name=f"Policy difference of {repository}")


def previewed(person):
    return person.dialog.locator("input[name=previewed]")


def test_another_repository_clears_the_preview_at_once_and_renews_it_once_it_is_chosen(adding):
    field = adding.dialog.get_by_role("combobox")
    field.fill("shared/base-py")
    expect(previewed(adding)).to_have_count(0)
    expect(adding.dialog.get_by_text("Choose a repository to see the preview.")).to_be_visible()
    adding.dialog.get_by_role("option", name="shared/base-python").click()
    expect(diff_of(adding, "shared/base-python")).to_be_visible()
    expect(previewed(adding)).to_have_value(re.compile("^shared/base-python [0-9a-f]{32}$"))


def test_a_late_answer_about_the_choice_before_is_left_out(adding):
    page, field = adding.page, adding.dialog.get_by_role("combobox")
    field.fill("tools/cl")
    late = held(page, "**/repositories/preview*", adding.dialog.get_by_role("option", name="tools/cli").click)
    answer = late.fetch()
    field.fill("")
    with suppress(Error):  # the browser has given the request up
        late.fulfill(response=answer)
    expect(page.locator("[data-preview-of].htmx-request")).to_have_count(0)
    expect(adding.dialog.get_by_text("Choose a repository to see the preview.")).to_be_visible()
    expect(previewed(adding)).to_have_count(0)


def test_a_preview_is_fetched_where_it_is_opened_and_not_where_it_is_closed(adding):
    fetched = []
    adding.page.on("request", lambda request: fetched.append(request.url) if "/preview" in request.url else None)
    summary = adding.dialog.get_by_text("Preview", exact=True)
    summary.click()
    with adding.page.expect_response("**/repositories/preview*"):
        summary.click()
    assert len(fetched) == 1


def test_a_policy_that_changed_renews_the_preview_in_view(adding):
    before = previewed(adding).input_value()
    adding.console.sandbox.put_policy("analytics/etl", POLICY)
    # The console learns of it as from any other page of its own.
    api = "/api/v1/services/us-east-1/storefront-web/policy?repository=analytics/etl"
    until(lambda: adding.console.get(api).text, lambda text: "Other" in text)
    expect(adding.dialog.get_by_text("Something has changed since the preview.")).to_be_visible()
    assert previewed(adding).input_value() != before


def test_an_add_with_an_outdated_preview_shows_both_and_is_confirmed_by_the_new_one(adding, troubles):
    adding.console.sandbox.put_policy("analytics/etl", POLICY)
    adding.confirms("Add")
    expect(adding.dialog.get_by_text("The preview of analytics/etl is out of date.")).to_be_visible()
    expect(adding.dialog.get_by_role("heading", name="What you previewed")).to_be_visible()
    expect(diff_of(adding, "analytics/etl")).to_have_count(2)
    assert adding.sids("analytics/etl") == ["Other"]
    adding.confirms("Add")
    adding.continues()
    assert adding.sids("analytics/etl") == ["Other", "AllowLightsailPull-storefront-web"]
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]


def test_what_stands_in_the_way_is_said_once_a_repository_is_typed_or_picked(adding):
    adding.dialog.get_by_text("Preview", exact=True).click()
    field, check = adding.dialog.get_by_role("combobox"), adding.dialog.locator(".grant-check")
    field.fill("payments/ledger")
    expect(check.get_by_text("An explicit deny in statement")).to_be_visible()
    expect(check.get_by_role("link", name="View policy")).to_be_visible()
    field.fill("tools/cl")
    expect(check.get_by_text("An explicit deny in statement")).to_have_count(0)
    adding.dialog.get_by_role("option", name="tools/cli").click()
    expect(check.get_by_text("After this:")).to_be_visible()
    # A preview in view goes by the present policy, and takes its place.
    adding.dialog.get_by_text("Preview", exact=True).click()
    expect(diff_of(adding, "tools/cli")).to_be_visible()
    expect(check).to_be_hidden()


def test_add_stays_where_it_is_when_what_is_known_arrives(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.asks("Add repository")
    add = mika.dialog.get_by_role("button", name="Add", exact=True)
    before = add.bounding_box()
    mika.dialog.get_by_role("combobox").fill("tools/cli")
    expect(mika.dialog.get_by_text("After this:")).to_be_visible()
    mika.dialog.get_by_role("combobox").press("Escape")
    assert add.bounding_box() == before


def test_what_somebody_else_adds_meanwhile_is_said_in_the_dialog_and_in_its_list(adding):
    adding.dialog.get_by_text("Preview", exact=True).click()
    field, check = adding.dialog.get_by_role("combobox"), adding.dialog.locator(".grant-check")
    field.fill("tools/cli")
    expect(check.get_by_text("After this:")).to_be_visible()
    field.press("ArrowDown")
    answer = adding.console.post("/api/v1/services/us-east-1/storefront-web/grants", {"repository": "tools/cli"})
    assert answer.status == 202
    expect(check.get_by_text("storefront-web already has access to tools/cli.")).to_be_visible()
    expect(adding.dialog.get_by_role("option", name="tools/cli")).to_contain_text("Already added")
    adding.console.sandbox.put_policy("tools/cli", DENIED)
    api = "/api/v1/services/us-east-1/storefront-web/policy?repository=tools/cli"
    until(lambda: adding.console.get(api).text, lambda text: "Freeze" in text)
    expect(check.get_by_text("An explicit deny in statement")).to_be_visible()
    expect(adding.dialog.get_by_role("option", name="tools/cli")).not_to_contain_text("Already added")


def test_the_option_that_was_reached_stays_reached_when_the_list_is_renewed(adding):
    field = adding.dialog.get_by_role("combobox")
    with adding.page.expect_response("**/repositories/options*"):
        field.fill("s")
    field.press("ArrowDown")
    field.press("ArrowDown")
    reached = adding.dialog.locator("[role=option][aria-selected=true]").get_attribute("data-value")
    with adding.page.expect_response("**/repositories/options*"):
        adding.console.sandbox.put_policy("tools/cli", DENIED)
        api = "/api/v1/services/us-east-1/storefront-web/policy?repository=tools/cli"
        until(lambda: adding.console.get(api).text, lambda text: "Freeze" in text)
    expect(adding.dialog.locator("[role=option][aria-selected=true]")).to_have_attribute("data-value", reached)
