"""Deploying in the browser: from a row to the running version, what would fail, and versions deployed again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.held import answers, held
from tests.browser.person import REGION

pytestmark = pytest.mark.browser
SERVICE = "storefront-web"
ACTIVE = f"{SERVICE} now runs this deployment."


@pytest.fixture(autouse=True)
def fresh_sandbox(console):
    console.sandbox.options(deployment_seconds=0.5, patience_seconds=0.5, activation_seconds=0.3, principal_seconds=0)


@pytest.fixture(params=["mika", "ken"])
def person(request):
    """With JavaScript, and without."""
    return request.getfixturevalue(request.param)


def image_of(person, container: str = "web") -> str:
    deployment = person.console.sandbox.service(SERVICE)["currentDeployment"]
    return deployment["containers"][container]["image"].partition("/")[2]


def chooses(person, tag: str) -> None:
    person.page.get_by_role("radio", name=tag).check()
    if person.page.get_by_role("button", name="Preview", exact=True).count():
        person.page.get_by_role("button", name="Preview", exact=True).click()


@pytest.mark.parametrize("person, tag", [("mika", "5.2.0"), ("ken", "5.2.1")], indirect=["person"])
def test_an_image_is_deployed_from_its_row(person, tag):
    person.opens_images_of(SERVICE)
    person.page.get_by_role("button", name="Deploy an image of storefront/web").click()
    chooses(person, tag)
    expect(person.page.locator("#deploy-preview .becomes")).to_contain_text(f"storefront/web:{tag}")
    person.page.get_by_role("button", name="Deploy", exact=True).click()
    expect(person.page.get_by_text(ACTIVE).first).to_be_visible()
    assert image_of(person) == f"storefront/web:{tag}"
    person.continues()
    newest = person.page.get_by_role("article").first
    expect(newest).to_contain_text("What changed since version")
    newest.get_by_role("button", name="Deploy again: version").click()
    expect(person.page.get_by_role("heading", name="again")).to_be_visible()


@pytest.fixture
def choosing(mika):
    """The Deploy dialog with the preview of its first choice."""
    mika.opens_images_of(SERVICE)
    mika.page.get_by_role("button", name="Deploy an image of storefront/web").click()
    mika.dialog.get_by_role("radio", name="5.2.0").check()
    expect(becomes(mika)).to_contain_text("storefront/web:5.2.0")
    return mika


def becomes(person):
    return person.page.locator("#deploy-preview .becomes")


def deploy_button(person):
    return person.page.get_by_role("button", name="Deploy", exact=True)


def test_another_choice_clears_the_preview_and_deploy_waits_for_the_next_one(choosing):
    page, before = choosing.page, image_of(choosing)
    choosing.console.sandbox.clear_calls()
    preview = held(page, "**/deployments/preview*", choosing.dialog.get_by_role("radio", name="5.1.0").check)
    expect(becomes(choosing)).to_have_count(0)
    expect(page.locator("#deploy-preview")).to_have_text("Checking…")
    expect(deploy_button(choosing)).to_be_disabled()
    deploy_button(choosing).click(force=True)
    choosing.dialog.get_by_role("textbox", name="Another tag or digest").press("Enter")
    expect(page.locator("#deploy-form")).to_be_visible()
    preview.continue_()
    expect(becomes(choosing)).to_contain_text("storefront/web:5.1.0")
    expect(deploy_button(choosing)).to_be_enabled()
    assert image_of(choosing) == before
    assert choosing.console.sandbox.calls("lightsail:CreateContainerServiceDeployment") == []


def test_a_tag_is_previewed_once_typing_pauses_and_again_when_it_is_taken_out(choosing):
    other = choosing.dialog.get_by_role("textbox", name="Another tag or digest")
    other.press_sequentially("9.9.9")
    expect(deploy_button(choosing)).to_be_disabled()
    expect(choosing.dialog.get_by_text("There is no image storefront/web:9.9.9.")).to_be_visible()
    other.fill("")
    expect(choosing.dialog.get_by_text("There is no image storefront/web:9.9.9.")).to_have_count(0)
    expect(becomes(choosing)).to_contain_text("storefront/web:5.2.0")
    expect(deploy_button(choosing)).to_be_enabled()


def test_a_choice_is_previewed_once(choosing):
    asked = []
    choosing.page.on("request", lambda request: asked.append(request.url) if "/preview" in request.url else None)
    choosing.page.clock.install()
    choosing.dialog.get_by_role("radio", name="5.1.0").check()
    expect(becomes(choosing)).to_contain_text("storefront/web:5.1.0")
    choosing.page.clock.run_for(5_000)
    expect(becomes(choosing)).to_contain_text("storefront/web:5.1.0")
    assert len(asked) == 1


def test_a_preview_that_never_came_is_told_and_holds_nothing(choosing, troubles):
    preview = held(choosing.page, "**/deployments/preview*", choosing.dialog.get_by_role("radio", name="5.1.0").check)
    answers(choosing.page, preview, status=502, body="bad gateway")
    expect(choosing.page.locator("#deploy-preview")).to_have_text("The preview couldn't be loaded.")
    expect(deploy_button(choosing)).to_be_enabled()
    troubles[:] = [trouble for trouble in troubles if "502" not in trouble]


def test_on_a_page_of_its_own_another_choice_clears_the_preview_too(mika):
    mika.page.goto(f"/containers/{REGION}/{SERVICE}/deployments/new?repository=storefront/web&tag=5.2.0")
    expect(becomes(mika)).to_contain_text("storefront/web:5.2.0")
    mika.page.get_by_role("radio", name="5.1.0").check()
    expect(becomes(mika)).to_have_count(0)
    expect(deploy_button(mika)).to_be_disabled()
    mika.page.get_by_role("button", name="Preview", exact=True).click()
    expect(becomes(mika)).to_contain_text("storefront/web:5.1.0")
    expect(deploy_button(mika)).to_be_enabled()


def test_what_would_fail_is_told_and_granted_first(person):
    person.page.goto(f"/containers/{REGION}/{SERVICE}/deployments/new?repository=payments/worker")
    expect(person.page.get_by_text("This deployment would fail")).to_be_visible()
    person.page.get_by_role("checkbox", name="Grant access first").check()
    person.page.get_by_role("button", name="Preview", exact=True).click()
    expect(person.page.get_by_text("It is granted first.")).to_be_visible()
    expect(person.page.get_by_text("This deployment would fail")).to_have_count(0)


def test_a_failure_comes_with_its_cause(mika, troubles):
    mika.page.goto(f"/containers/{REGION}/{SERVICE}/deployments")
    mika.asks("Deploy an image")
    mika.dialog.get_by_role("radio", name="storefront/web").check()
    mika.confirms("Next: choose an image")
    mika.dialog.get_by_role("textbox", name="Another tag or digest").fill("9.9.9")
    mika.confirms("Deploy")
    expect(mika.dialog.get_by_text("There is no image storefront/web:9.9.9.").first).to_be_visible()
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]


def test_a_container_that_exits_is_the_cause_on_the_tab_too(mika):
    exits = {"service": SERVICE, "image": "*web:5.3.0", "exit_code": 1, "lines": ["panic: no configuration"]}
    mika.console.sandbox.control("POST", "behaviors", exits)
    mika.page.goto(f"/containers/{REGION}/{SERVICE}/deployments/new?repository=storefront/web")
    mika.page.get_by_role("checkbox", name="If it fails").check()
    mika.page.get_by_role("button", name="Deploy", exact=True).click()
    expect(mika.page.get_by_text("failed. The version that ran before still runs.").first).to_be_visible()
    cause = mika.page.get_by_role("listitem").filter(has_text="started and ended").first
    expect(cause).to_be_visible()
    mika.continues()
    expect(mika.page.get_by_role("article").filter(has_text="Failed").first).to_contain_text("started and ended")
    mika.console.sandbox.control("DELETE", "behaviors")
    failed = mika.page.get_by_role("article").filter(has_text="Failed").first
    failed.locator("summary", has_text="Log").click()
    failed.get_by_label("Container").select_option("web")
    failed.get_by_role("button", name="Show").click()
    expect(failed.get_by_role("group", name="Log lines of web")).to_contain_text("panic: no configuration")
    failed.get_by_role("searchbox", name="Contains").fill("nothing like it")
    failed.get_by_role("button", name="Show").click()
    expect(failed.get_by_text("No line contains this text.")).to_be_visible()


def test_the_log_without_scripts(ken):
    ken.page.goto(f"/containers/{REGION}/{SERVICE}/deployments")
    active = ken.page.get_by_role("article").filter(has_text="Active").first
    active.locator("summary", has_text="Log").click()
    active.get_by_role("link", name="Show the log").click()
    expect(ken.page.get_by_role("group", name="Log lines")).to_contain_text("Creating your deployment")
    ken.page.get_by_role("searchbox", name="Contains").fill("steady")
    ken.page.get_by_role("button", name="Show").click()
    expect(ken.page.get_by_role("group", name="Log lines").get_by_role("listitem")).to_have_count(1)


def test_what_was_entered_comes_back_with_what_is_wrong(ken, troubles):
    ken.page.goto(f"/containers/{REGION}/{SERVICE}/deployments/new?repository=storefront/web")
    ken.page.get_by_text("Add a new container instead").click()
    ken.page.get_by_role("textbox", name="Container name").fill("My_App")
    ken.page.get_by_role("textbox", name="Port").fill("80a")
    ken.page.get_by_role("button", name="Deploy", exact=True).click()
    expect(ken.page.get_by_text("can't be the name of a container").first).to_be_visible()
    expect(ken.page.get_by_role("textbox", name="Container name")).to_have_value("My_App")
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]


def test_the_platform_is_read_on_request(person):
    sandbox = person.console.sandbox
    sandbox.add_image("storefront/web", tags=["arm-only"], platforms=["linux/arm64"])
    sandbox.clear_calls()
    person.page.goto(f"/containers/{REGION}/{SERVICE}/deployments")
    person.page.get_by_role("button", name="Deploy an image").click()
    person.page.get_by_role("radio", name="storefront/web").check()
    person.page.get_by_role("button", name="Next: choose an image").click()
    person.page.get_by_role("radio", name="arm-only").check()
    if person.page.get_by_role("button", name="Preview", exact=True).count():  # without scripts
        person.page.get_by_role("textbox", name="Another tag or digest").press("Enter")
        expect(person.page.locator("#deploy-preview .becomes")).to_contain_text("storefront/web:arm-only")
    assert not sandbox.calls("ecr:BatchGetImage")
    person.page.get_by_role("button", name="Show platform").click()
    expect(person.page.get_by_text("arm-only is for linux/arm64. Lightsail runs linux/amd64 only.")).to_be_visible()
    expect(person.page.get_by_role("radio", name="arm-only")).to_be_checked()
    assert len(sandbox.calls("ecr:BatchGetImage")) == 1
