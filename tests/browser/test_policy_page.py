"""A repository's policy explained: what is wrong, how to do it by hand, what is dead; and the permissions needed."""

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def sandbox(console):
    console.sandbox.options(activation_seconds=0.3, principal_seconds=0.2)
    yield console.sandbox
    console.sandbox.clear_faults()


def test_a_grant_to_the_wrong_role_is_explained(mika):
    mika.opens_policy("reporting", "analytics/reports")
    verdict = mika.page.get_by_role("region", name="Access of reporting")
    expect(verdict).to_contain_text("Wrong role ARN")
    expect(
        verdict.get_by_text("names the principal ARN of the container service reporting itself. ECR accepts it")
    ).to_have_count(1)
    expect(mika.page.get_by_role("row", name="General role of reporting")).to_contain_text(
        "doesn't pull with this role"
    )
    expect(mika.page.get_by_role("button", name="Repair access")).to_be_visible()


@pytest.mark.parametrize("system", ["macOS / Linux", "Windows (PowerShell)"])
def test_the_commands_by_hand_are_shown_for_each_system(mika, system):
    mika.opens_policy("reporting", "analytics/reports")
    by_hand = mika.page.get_by_role("region", name="Do it yourself with the AWS CLI")
    by_hand.get_by_text(f"Commands for {system}", exact=True).click()
    commands = by_hand.get_by_role("group", name=f"Commands for {system}").filter(has_text="set-repository-policy")
    expect(commands.last).to_be_visible()
    expect(commands.last).to_contain_text("--repository-name analytics/reports")


@pytest.mark.parametrize("form, suffix", [("Terraform", "tf"), ("CloudFormation", "json")])
def test_access_as_code_is_shown_and_downloaded(mika, form, suffix):
    mika.opens_policy("reporting", "analytics/reports")
    by_hand = mika.page.get_by_role("region", name="Do it yourself with the AWS CLI")
    by_hand.get_by_text(f"Grant access with {form}", exact=True).click()
    shown = by_hand.get_by_role("group", name=f"Grant access with {form}").filter(has_text="analytics/reports").last
    expect(shown).to_be_visible()
    with mika.page.expect_download() as download:
        by_hand.get_by_role("link", name=f"Download sailpass-reporting-analytics-reports.{suffix}").click()
    assert download.value.path().read_text().strip() == shown.inner_text().strip()


def test_a_dead_principal_is_removed_from_here_after_a_preview_and_adding_works(mika):
    mika.opens_policy("storefront-web", "payments/worker")
    expect(mika.page.get_by_role("row", name="Deleted user or role")).to_contain_text("AROA")
    mika.asks("Remove dead principals")
    names = mika.dialog.get_by_role("list", name="Principals to remove")
    expect(names).to_contain_text("AROA")
    assert names.evaluate("list => list.scrollHeight <= list.clientHeight"), "the names are cut off"
    expect(mika.dialog.get_by_role("group", name="Policy difference of payments/worker")).to_contain_text("AROA")
    mika.confirms("Remove dead principals")
    mika.continues()
    assert mika.sids("payments/worker") == []
    mika.opens_images_of("storefront-web")
    mika.asks_to_add("payments/worker")
    mika.continues()
    expect(mika.row("payments/worker")).to_contain_text("Allowed")


def test_the_iam_policies_are_made_for_the_repositories_that_are_named(mika):
    mika.page.goto("/permissions")
    mika.page.get_by_role("textbox", name="Repositories").fill("payments/api tools/cli")
    mika.page.get_by_role("button", name="Show policies").click()
    expect(mika.page).to_have_url(re.compile("names=payments"))
    text = mika.page.get_by_role("group", name="Everything Sailpass does").inner_text()
    resources = [one["Resource"] for one in json.loads(text)["Statement"] if "ecr:SetRepositoryPolicy" in one["Action"]]
    here = "arn:aws:ecr:us-east-1:123456789012:repository"
    assert resources == [[f"{here}/payments/api", f"{here}/tools/cli"]]


def test_a_permission_that_is_missing_is_listed_with_the_statement_that_adds_it(mika, sandbox):
    sandbox.fault(kind="access_denied", action="ecr:DeleteRepositoryPolicy")
    mika.page.goto("/permissions")
    mika.page.get_by_role("button", name="Check permissions").click()
    expect(mika.page.get_by_role("main")).to_contain_text("1 permission is missing.")
    expect(mika.page.get_by_role("row", name="ecr:DeleteRepositoryPolicy")).to_contain_text("Missing")
    expect(mika.page.get_by_role("row", name="ecr:GetRepositoryPolicy")).to_contain_text("Allowed")
    statement = mika.page.get_by_role("group", name="IAM statement", exact=True)
    expect(statement).to_contain_text("ecr:DeleteRepositoryPolicy")
