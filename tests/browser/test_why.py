"""Why can't it pull: from a repository's row and a failed deployment to the root cause, with and without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.person import REGION

pytestmark = pytest.mark.browser
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"


def opens(person, service, **query):
    words = "&".join(f"{name}={value}" for name, value in query.items())
    person.page.goto(f"/containers/{REGION}/{service}/why?{words}")


@pytest.fixture(params=["mika", "ken"])
def person(request):
    return request.getfixturevalue(request.param)


def test_a_repositorys_row_leads_to_the_root_cause(person):
    person.opens_images_of("reporting")
    person.page.get_by_role("link", name="Why can't it pull? analytics/reports").click()
    cause = person.page.get_by_role("region", name="names the service principal ARN, not the image puller role")
    expect(cause).to_contain_text("Root cause")
    expect(cause.get_by_role("button", name="Repair access of analytics/reports")).to_be_visible()
    cause.get_by_text("AWS CLI", exact=True).first.click()
    expect(cause.get_by_role("group", name="AWS CLI").first).to_contain_text("aws ecr set-repository-policy")


def test_a_failed_deployment_leads_to_its_cause(person):
    person.page.goto(f"/containers/{REGION}/reporting/deployments")
    person.page.get_by_role("link", name="Why can't it pull? Version").first.click()
    expect(person.page.get_by_role("heading", name="Why can't it pull?")).to_be_visible()
    expect(person.page.get_by_text("Root cause").first).to_be_visible()


def test_the_platform_is_read_only_on_request_and_that_is_said(person):
    opens(person, "storefront-web", image=HOST + "tools/cli:0.4.0")
    platform = person.page.get_by_role("row", name="Platform")
    expect(platform).to_contain_text("Couldn't be checked")
    person.page.get_by_role("button", name="Check platform").click()
    expect(platform).to_contain_text("linux/amd64")
    expect(person.page.get_by_role("main")).to_contain_text("ECR records this as a pull")


def test_another_image_can_be_typed(person):
    opens(person, "storefront-web")
    person.page.get_by_role("textbox", name="Image URI").fill("https://" + HOST + "storefront/web:5.3.0")
    person.page.get_by_role("button", name="Check again").click()
    expect(person.page.get_by_role("heading", name="The image URI starts with https://")).to_be_visible()


def test_the_role_is_activated_from_its_cause(mika):
    opens(mika, "payments-api", image=HOST + "payments/api:3.12.0")
    mika.page.get_by_role("button", name="Activate role").click()
    expect(mika.dialog).to_be_visible()
