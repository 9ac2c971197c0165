"""The same job as plain forms: JavaScript is off, and every page refreshes itself."""

import pytest
from playwright.sync_api import expect

from tests.reader import Reader

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


ACCOUNTS = ("arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root")


def refused_for_an_account(console, repository: str) -> None:
    """Let ECR refuse a removal because of an account, so that a reader decides which of two exists no longer."""
    policy = console.sandbox.policy(repository)["policy"]
    partners = {"Sid": "Partners", "Effect": "Allow", "Principal": {"AWS": ACCOUNTS}, "Action": "ecr:BatchGetImage"}
    console.sandbox.put_policy(repository, {**policy, "Statement": [*policy["Statement"], partners]})
    console.sandbox.close_account("444455556666")
    reader = Reader(console)
    reader.ended(reader.removes(repository))


@pytest.mark.parametrize("reader", ["ken", "mika"])
def test_only_the_principals_whose_removal_was_shown_are_removed(request, console, reader, troubles):
    """The boxes and the confirmation are one form: what was not previewed is, before anything is started."""
    person = request.getfixturevalue(reader)
    repository = {"ken": "storefront/web", "mika": "shared/otel-collector"}[reader]
    refused_for_an_account(console, repository)
    page = person.page
    page.goto(f"/repositories/prune?region=us-east-1&repository={repository}")
    boxes = [page.get_by_role("checkbox", name=arn) for arn in ACCOUNTS]
    for box in boxes:
        box.check()
    page.get_by_role("button", name="Show preview").click()
    difference = page.get_by_role("group", name=f"Policy difference of {repository}")
    expect(difference).to_be_visible()
    boxes[0].uncheck()
    if reader == "ken":  # with scripts, the button is off until this selection was previewed
        page.get_by_role("button", name="Remove dead principals").click()
        expect(page.get_by_text("Your selection changed after the preview. Nothing was started.")).to_be_visible()
    else:
        expect(page.get_by_role("button", name="Remove dead principals")).to_be_disabled()
        page.get_by_role("button", name="Show preview").click()
    expect(boxes[0]).not_to_be_checked()
    expect(page.get_by_role("list", name="Principals to remove").get_by_role("listitem")).to_have_text([ACCOUNTS[1]])
    page.get_by_role("button", name="Remove dead principals").click()
    expect(page.get_by_text(f"The dead principals were removed from {repository}.").first).to_be_visible()
    left = console.sandbox.policy(repository)["policy"]["Statement"][-1]["Principal"]
    assert left == {"AWS": ACCOUNTS[0]}
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]
