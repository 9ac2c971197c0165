"""AWS is slow: the page stands with what is known, and what was missing comes by itself."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.reader import Reader

pytestmark = pytest.mark.browser

WEB = "/containers/us-east-1/storefront-web"
TEAM = "arn:aws:iam::123456789012:role/team"
SLOW = "AWS has not answered within 2 seconds."
# Longer than a page waits, shorter than the part that it asks for by itself.
SECONDS = 3
PATIENT = 20_000


@pytest.fixture
def sandbox(console):
    Reader(console).knows()
    yield console.sandbox
    console.sandbox.clear_faults()


class HeldRequests:
    """The requests that a page makes by itself, held until they are released: the page before them stays to be seen."""

    def __init__(self, page: Page) -> None:
        self._routes: list[Route] = []
        self._released = False
        page.route("**/*", self._take)

    def _take(self, route: Route) -> None:
        if self._released or "hx-request" not in route.request.headers:
            route.continue_()
        else:
            self._routes.append(route)

    def release(self) -> None:
        self._released = True
        for route in self._routes:
            route.continue_()


@pytest.fixture
def held(page) -> HeldRequests:
    return HeldRequests(page)


def comes_by_itself(person, held):
    """It is said that AWS is slow, until the rest is there."""
    expect(person.page.get_by_text(SLOW)).to_be_visible()
    held.release()
    expect(person.page.get_by_text(SLOW)).to_have_count(0, timeout=PATIENT)


def test_a_policy_is_shown_as_known_and_then_as_it_is(mika, sandbox, held):
    added = {"Sid": "Meanwhile", "Effect": "Allow", "Principal": {"AWS": TEAM}, "Action": "ecr:BatchGetImage"}
    policy = sandbox.policy("storefront/web")["policy"]
    sandbox.put_policy("storefront/web", {**policy, "Statement": [*policy["Statement"], added]})
    sandbox.fault(kind="latency", seconds=SECONDS, action="ecr:GetRepositoryPolicy")
    mika.page.goto(f"{WEB}/policy?repository=storefront/web")
    text = mika.page.get_by_role("group", name="policy text")
    expect(text).to_contain_text("AllowLightsailPull-storefront-web")
    expect(text).not_to_contain_text("Meanwhile")
    comes_by_itself(mika, held)
    expect(text).to_contain_text("Meanwhile")


def test_the_current_deployment_is_shown_until_all_are_told(mika, sandbox, held):
    sandbox.fault(kind="latency", seconds=SECONDS, action="lightsail:GetContainerServiceDeployments")
    mika.page.goto(f"{WEB}/deployments")
    deployments = mika.page.get_by_role("article")
    expect(deployments).to_have_count(1)
    expect(mika.page.get_by_role("region", name="Deployments")).to_contain_text("Updated")
    comes_by_itself(mika, held)
    expect(deployments).not_to_have_count(1)


def test_the_image_uri_is_shown_until_the_tags_are_told(mika, sandbox, held):
    sandbox.fault(kind="latency", seconds=SECONDS, action="ecr:DescribeImages")
    mika.page.goto(f"{WEB}/images?added=storefront/web")
    steps = mika.page.get_by_role("region", name="Next steps")
    expect(steps).to_contain_text("123456789012.dkr.ecr.us-east-1.amazonaws.com/storefront/web:<tag>")
    comes_by_itself(mika, held)
    expect(steps.get_by_role("list", name="Tags in storefront/web, newest first:")).to_be_visible()


def test_a_preview_in_a_dialog_waits_until_it_is_told(mika, sandbox):
    mika.page.goto(f"{WEB}/images")
    mika.asks("Remove storefront/web")
    sandbox.fault(kind="latency", seconds=SECONDS, action="ecr:GetRepositoryPolicy")
    mika.dialog.get_by_text("Preview", exact=True).click()
    difference = mika.dialog.get_by_role("group", name="Policy difference of storefront/web")
    expect(difference).to_be_visible(timeout=PATIENT)
    expect(mika.page.get_by_text(SLOW)).to_have_count(0)
