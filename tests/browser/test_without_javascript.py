"""The same job as plain forms: JavaScript is off, and every page refreshes itself."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def fresh_sandbox(console):
    console.sandbox.options(activation_seconds=0.8, principal_seconds=0.3)


def test_a_repository_is_added_and_removed_with_plain_forms(ken):
    ken.opens_images_of("storefront-web")
    ken.page.get_by_role("button", name="Add repository").first.click()
    ken.page.get_by_role("combobox", name="Repository").fill("tools/cli")
    ken.page.get_by_role("button", name="Add", exact=True).click()
    expect(ken.page.get_by_role("progressbar")).to_be_visible()
    ken.continues()
    expect(ken.row("tools/cli")).to_contain_text("Allowed")
    ken.asks_to_remove("tools/cli")
    ken.continues()
    expect(ken.row("tools/cli")).to_have_count(0)
    assert "AllowLightsailPull-storefront-web" not in ken.sids("tools/cli")


def test_a_wrong_name_comes_back_with_what_was_typed(ken, troubles):
    ken.opens_images_of("storefront-web")
    ken.page.get_by_role("button", name="Add repository").first.click()
    ken.page.get_by_role("combobox", name="Repository").fill("Not A Name")
    ken.page.get_by_role("button", name="Add", exact=True).click()
    expect(ken.page.get_by_role("combobox", name="Repository")).to_have_value("Not A Name")
    expect(ken.page.get_by_text("isn't a valid Amazon ECR repository name")).to_be_visible()
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]


def test_what_is_added_and_removed_can_be_previewed_on_a_page_of_its_own(ken):
    ken.opens_images_of("batch-worker")
    ken.page.get_by_role("button", name="Add repository").first.click()
    ken.page.get_by_role("combobox", name="Repository").fill("tools/cli")
    ken.page.get_by_role("button", name="Show preview").click()
    difference = ken.page.get_by_role("group", name="Policy difference of tools/cli")
    expect(difference).to_contain_text("AllowLightsailPull-batch-worker")
    ken.page.get_by_role("button", name="Add", exact=True).click()
    ken.continues()
    ken.page.get_by_role("button", name="Remove tools/cli").click()
    ken.page.get_by_role("link", name="Preview").click()
    expect(difference).to_contain_text("AllowLightsailPull-batch-worker")
    ken.page.get_by_role("button", name="Remove", exact=True).click()
    ken.continues()
    expect(ken.row("tools/cli")).to_have_count(0)
