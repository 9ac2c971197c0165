"""The history as a person uses it: filters, steps, undo, restore, cancel, export."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from app.db import Database
from app.operations.messages import STEPS
from app.operations.state import StepName
from tests.console import start_console
from tests.history.happened import happened
from tests.reader import Reader

pytestmark = pytest.mark.browser

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
TEAM = {"Sid": "Team", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:role/team"}, "Action": PULL}
MANY = 60


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    """With a long past, so that the history has a second page."""
    with start_console(tmp_path_factory.mktemp("console")) as running:
        db, now = Database(f"sqlite:///{running.data_dir / 'sailpass.db'}"), datetime.now(UTC)
        for number in range(MANY):
            at = now - timedelta(days=1, minutes=number)
            happened(db, f"past-{number}", at, service="old-service", repository=f"old/app-{number}")
        db.close()
        Reader(running).knows()
        yield running


@pytest.fixture(autouse=True)
def sandbox(console):
    console.sandbox.options(activation_seconds=0.3, principal_seconds=0.2)
    return console.sandbox


@pytest.fixture
def added(mika):
    """Adds a repository to storefront-web and opens the operation's page."""

    def add(repository: str) -> None:
        Reader(mika.console).ended(Reader(mika.console).adds(repository))
        mika.opens_last_operation("storefront-web")
        expect(mika.page.get_by_role("heading", name=f"Added {repository}")).to_be_visible()

    return add


def lines(person):
    return person.page.get_by_role("table").get_by_role("row").filter(has=person.page.get_by_role("rowheader"))


def writes_too(sandbox, repository, statement=TEAM):
    """Add a statement as another writer."""
    policy = sandbox.policy(repository)["policy"]
    sandbox.put_policy(repository, {**policy, "Statement": [*policy["Statement"], statement]})


def test_filters_restrict_the_list_and_land_in_the_address(mika):
    mika.page.goto("/history")
    mika.page.get_by_role("textbox", name="Repository").fill("old/app-7")
    mika.page.get_by_role("combobox", name="Kind").select_option("Add repository")
    mika.page.get_by_role("button", name="Filter").click()
    expect(lines(mika)).to_have_count(1)
    expect(lines(mika)).to_contain_text("Add repository: old/app-7")
    expect(mika.page).to_have_url(re.compile(r"repository=old%2Fapp-7&kind=grant"))
    mika.page.reload()
    expect(mika.page.get_by_role("textbox", name="Repository")).to_have_value("old/app-7")
    expect(lines(mika)).to_have_count(1)


def test_a_filter_that_nothing_fits_says_so_and_is_cleared(mika):
    mika.page.goto("/history?service=nobody-knows-it")
    expect(mika.page.get_by_text("No operations match the filter")).to_be_visible()
    mika.page.get_by_role("link", name="Clear").click()
    expect(lines(mika)).not_to_have_count(0)


def test_older_and_newer_lead_through_the_pages_and_keep_the_filter(mika):
    mika.page.goto("/history?service=old-service")
    expect(lines(mika)).to_have_count(50)
    mika.page.get_by_role("link", name="Older").click()
    expect(lines(mika)).to_have_count(MANY - 50)
    expect(mika.page).to_have_url(re.compile("service=old-service"))
    mika.page.get_by_role("link", name="Newer").click()
    expect(lines(mika).first).to_contain_text("old/app-0")
    expect(lines(mika)).to_have_count(50)


def test_an_operation_shows_its_steps_request_ids_and_difference(mika, added):
    added("analytics/etl")
    steps = mika.page.get_by_role("group", name="Progress").get_by_role("listitem")
    expect(steps.filter(has_text=STEPS[StepName.UPDATE_POLICY])).to_contain_text("Done")
    mika.page.get_by_text("AWS request IDs").click()
    ids = mika.page.get_by_role("region", name="About this operation").locator("dl.facts code")
    expect(ids.first).to_be_visible()
    difference = mika.page.get_by_role("group", name="Policy difference of analytics/etl")
    expect(difference).to_contain_text("AllowLightsailPull-storefront-web")


def test_undo_takes_our_statement_back_and_keeps_what_others_wrote(mika, sandbox, added):
    added("tools/cli")
    writes_too(sandbox, "tools/cli")
    mika.asks("Undo")
    difference = mika.dialog.get_by_role("group", name="Policy difference of tools/cli")
    expect(difference.get_by_role("row").filter(has_text="removed")).not_to_have_count(0)
    expect(difference.get_by_role("row").filter(has_text="added")).to_have_count(0)
    mika.confirms("Undo")
    expect(mika.dialog).to_contain_text("The change to tools/cli was undone.")
    assert mika.sids("tools/cli") == ["LambdaECRImageRetrievalPolicy", "Team"]
    mika.dialog.get_by_role("link", name="Continue").click()
    expect(mika.page.get_by_role("heading", level=1)).to_have_text("Added tools/cli")
    expect(mika.page.get_by_role("button", name="Undo")).to_have_count(0)


def test_restore_puts_the_policy_back_whole(mika, sandbox, added):
    before = mika.sids("shared/base-node")
    added("shared/base-node")
    writes_too(sandbox, "shared/base-node")
    mika.asks("Restore the policy from before: shared/base-node")
    expect(mika.dialog.get_by_text("All later changes to it are lost.")).to_be_visible()
    mika.confirms("Restore")
    expect(mika.dialog).to_contain_text("The recorded policy of shared/base-node is restored.")
    assert mika.sids("shared/base-node") == before


def test_an_operation_that_waits_is_cancelled_and_changes_no_policy(mika, sandbox):
    sandbox.options(activation_seconds=600)
    mika.opens_images_of("payments-api")
    mika.asks_to_add("payments/api")
    expect(mika.dialog.get_by_role("listitem").filter(has_text="Wait for the role")).to_contain_text("In progress")
    mika.confirms("Cancel operation")
    expect(mika.dialog).to_contain_text("It was cancelled before anything in the repository policy changed.")
    mika.opens_last_operation("payments-api")
    expect(mika.page.get_by_role("button", name="Retry", exact=True)).to_be_visible()
    assert mika.sids("payments/api") == []


def exported(person, kind):
    """What a person's browser gets by the link."""
    person.page.goto("/history?service=old-service")
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name=kind, exact=True).click()
    return download.value


def test_the_filtered_history_is_taken_along_as_a_table(mika):
    file = exported(mika, "CSV")
    rows = list(csv.DictReader(io.StringIO(file.path().read_text("utf-8-sig"))))
    assert file.suggested_filename == "sailpass-history.csv"
    assert len(rows) == MANY
    assert {row["service"] for row in rows} == {"old-service"}


def test_the_filtered_history_is_taken_along_whole(mika):
    file = exported(mika, "JSON")
    assert file.suggested_filename == "sailpass-history.json"
    assert len(json.loads(file.path().read_text())) == MANY


@pytest.mark.parametrize("zone, label", [("Pacific/Kiritimati", "From (Pacific/Kiritimati)"), ("UTC", "From (UTC)")])
def test_days_of_the_filter_are_the_readers_own(chromium, console, zone, label):
    """What happened at noon in UTC, 14 hours ahead of it, was on the next day."""
    db = Database(f"sqlite:///{console.data_dir / 'sailpass.db'}")
    happened(db, f"noon-{zone}", datetime(2025, 6, 30, 12, tzinfo=UTC), service="zoned", repository="old/zoned")
    db.close()
    context = chromium.new_context(base_url=console.url, timezone_id=zone, locale="en-US")
    page = context.new_page()
    page.goto("/history?service=zoned")
    page.get_by_label(label).fill("2025-07-01")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect(page).to_have_url(re.compile("since=2025-07-01"))
    expect(page.get_by_label(label)).to_have_value("2025-07-01")
    shown = 0 if zone == "UTC" else 1
    expect(page.get_by_role("rowheader")).to_have_count(shown)
    export = console.get(page.get_by_role("link", name="CSV").get_attribute("href")).text.splitlines()
    assert len(export) == 1 + shown
    context.close()
