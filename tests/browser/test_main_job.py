"""The main job as a person does it: access is added, watched, used, and removed."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def fresh_sandbox(console):
    console.sandbox.options(activation_seconds=0.8, principal_seconds=0.3)


def test_a_repository_is_added_watched_and_shown_with_its_image_uri(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.asks_to_add("tools/cli")
    expect(mika.dialog.get_by_role("progressbar")).to_be_visible()
    expect(mika.dialog.get_by_role("listitem")).to_have_count(4)
    mika.continues()
    expect(mika.page.get_by_role("heading", name="Next steps")).to_be_visible()
    expect(mika.page.get_by_text("123456789012.dkr.ecr.us-east-1.amazonaws.com/tools/cli:<tag>")).to_be_visible()
    expect(mika.row("tools/cli")).to_contain_text("Allowed")
    assert "AllowLightsailPull-storefront-web" in mika.sids("tools/cli")


def test_a_service_that_was_never_activated_gets_its_role_first(mika):
    mika.opens_images_of("payments-api")
    mika.asks_to_add("payments/api")
    for step in (
        "Activate the image puller role",
        "Wait for the role",
        "Update the repository policy",
        "Verify access",
    ):
        expect(mika.dialog.get_by_text(step, exact=True)).to_be_visible()
    mika.continues()
    assert mika.console.sandbox.service("payments-api")["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]


def test_the_list_offers_only_what_the_service_cannot_pull_from_yet(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.page.get_by_role("button", name="Add repository").first.click()
    mika.page.get_by_role("combobox", name="Repository").press_sequentially("storefront")
    expect(mika.page.get_by_role("option").first).to_be_visible()
    offered = mika.page.get_by_role("option", disabled=False).all_inner_texts()
    assert offered
    assert not any("storefront/web" in name for name in offered)
    expect(mika.page.get_by_role("option", name="storefront/web", disabled=True)).to_contain_text("Already added")


def test_a_choice_is_made_by_keyboard_alone(mika):
    mika.opens_images_of("storefront-web")
    mika.page.get_by_role("button", name="Add repository").first.press("Enter")
    box = mika.page.get_by_role("combobox", name="Repository")
    expect(box).to_be_focused()
    box.press_sequentially("analytics/rep")
    expect(mika.page.get_by_role("option")).to_have_text(["analytics/reports"])
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("analytics/reports")
    box.press("Enter")
    expect(mika.dialog.get_by_role("progressbar")).to_be_visible()
    mika.continues()
    expect(mika.row("analytics/reports")).to_contain_text("Allowed")


def test_remove_names_what_changes_and_takes_access_away(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    before = mika.sids("storefront/nginx-sidecar")
    mika.page.get_by_role("button", name="Remove storefront/nginx-sidecar").click()
    expect(mika.dialog).to_contain_text("storefront-web will no longer be able to pull")
    mika.page.get_by_role("button", name="Remove", exact=True).click()
    mika.continues()
    expect(mika.row("storefront/nginx-sidecar")).to_have_count(0)
    assert mika.sids("storefront/nginx-sidecar") == [sid for sid in before if "storefront-web" not in sid]


def test_cancel_changes_nothing_and_gives_the_focus_back(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    opener = mika.page.get_by_role("button", name="Remove storefront/web", exact=True)
    opener.click()
    expect(mika.page.get_by_role("button", name="Cancel", exact=True)).to_be_focused()
    mika.page.keyboard.press("Escape")
    expect(mika.dialog).to_be_hidden()
    expect(opener).to_be_focused()
    assert mika.sids("storefront/web")


def test_closing_the_window_loses_nothing(mika):
    # Its role is not active: the operation waits for it until the clock is advanced, however slow this machine is.
    mika.console.sandbox.options(activation_seconds=600)
    mika.opens_images_of("legacy-blog")
    mika.asks_to_add("shared/base-python")
    expect(mika.dialog.get_by_role("progressbar")).to_be_visible()
    mika.closes()
    mika.page.get_by_role("link", name="Adding shared/base-python").first.click()
    expect(mika.page).to_have_url(re.compile("/operations/"))
    mika.console.sandbox.advance(600)
    mika.continues()
    expect(mika.row("shared/base-python")).to_contain_text("Allowed")


def test_a_name_typed_wrongly_comes_back_with_the_nearest_ones(mika, troubles):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.asks_to_add("analytics/elt")
    box = mika.page.get_by_role("combobox", name="Repository")
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value("analytics/elt")
    mika.page.get_by_role("button", name="analytics/etl", exact=True).click()
    expect(box).to_have_value("analytics/etl")
    # What was refused is no longer what is in the field.
    expect(box).not_to_have_attribute("aria-invalid", "true")
    expect(mika.dialog.get_by_text("doesn't exist")).to_have_count(0)
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]
