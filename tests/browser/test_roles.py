"""The image puller role alone: activated, deactivated, and the effect of a statement that is left."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def fresh_sandbox(console):
    console.sandbox.options(activation_seconds=0.3, principal_seconds=0.2)


def role_card(person):
    return person.page.get_by_role("region", name="ECR image puller role")


def is_active(person, service):
    return person.console.sandbox.service(service)["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]


def test_activate_gives_the_service_its_principal(mika):
    mika.opens_images_of("payments-api")
    expect(role_card(mika)).to_contain_text("Inactive")
    mika.asks("Activate")
    mika.confirms("Activate")
    mika.continues()
    expect(role_card(mika).get_by_role("button", name="Deactivate")).to_be_visible()
    expect(role_card(mika)).to_contain_text("arn:aws:iam::")
    expect(role_card(mika).get_by_role("button", name="Copy principal ARN of the image puller role")).to_be_visible()
    assert is_active(mika, "payments-api")


def test_deactivate_names_the_repositories_and_takes_its_statements_along(mika):
    mika.opens_images_of("storefront-web")
    mika.everything_is_read()
    mika.asks("Deactivate")
    names = mika.dialog.get_by_role("list", name="Repositories whose policy names this service").get_by_role("listitem")
    expect(names).to_contain_text(["shared/otel-collector", "storefront/nginx-sidecar", "storefront/web"])
    names.nth(1).locator("summary").click()
    change = names.nth(1).get_by_role("group", name="Policy difference of storefront/nginx-sidecar")
    expect(change).to_contain_text("AllowLightsailPull-storefront-web")
    mika.confirms("Deactivate")
    mika.continues()
    expect(role_card(mika)).to_contain_text("Inactive")
    assert not is_active(mika, "storefront-web")
    assert mika.sids("storefront/nginx-sidecar") == ["LambdaECRImageRetrievalPolicy"]
    assert mika.sids("storefront/web") == []


def test_a_statement_left_behind_is_shown_as_dead_and_mended(mika):
    mika.opens_images_of("reporting")
    mika.everything_is_read()
    mika.asks_to_add("payments/api")
    mika.continues()
    mika.asks("Deactivate")
    listed = mika.dialog.get_by_role("list", name="Repositories whose policy names this service")
    expect(listed.get_by_text("Will change").first).to_be_visible()
    mika.dialog.get_by_role("checkbox", name="Also remove these statements").uncheck()
    expect(listed.get_by_text("Will change").first).to_be_hidden()
    mika.confirms("Deactivate")
    mika.continues()
    expect(mika.row("payments/api")).to_contain_text("names the image puller role of reporting, which isn't active")
    mika.asks("Activate")
    mika.confirms("Activate")
    mika.continues()
    expect(mika.row("payments/api")).to_contain_text("Stale grant")
    mika.asks("Repair access of payments/api")
    mika.confirms("Repair access")
    mika.continues()
    expect(mika.row("payments/api")).to_contain_text("Allowed")
    assert mika.sids("payments/api") == ["AllowLightsailPull-reporting"]
