"""AWS errors, seen by a person: shown in the dialog and on the page behind it, and fixed from there."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.announcements import hears, listen
from tests.console import until
from tests.errors.fast import start_fast_console
from tests.errors.making import make_repository, make_service
from tests.reader import Reader
from tests.repeats import first_of

pytestmark = pytest.mark.browser

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
TEAM = "arn:aws:iam::123456789012:role/team"
EVIL = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
LONG = 1_000_000.0
PATIENT = 30_000
WEB = "/containers/us-east-1/storefront-web"
ACTIVATE = "Activate the image puller role"
UPDATE = "Update the repository policy"
AS_IT_WAS = "The repository policy was not changed."


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    with start_fast_console(tmp_path_factory.mktemp("console"), role_wait_seconds=86_400) as running:
        Reader(running).knows()
        yield running


@pytest.fixture
def sandbox(console):
    yield console.sandbox
    console.sandbox.clear_faults()
    console.sandbox.options(arn_lag_seconds=0, setup_regions=[])


@pytest.fixture
def service(console):
    """A service whose role was never activated, and which the console knows."""
    name = make_service(console)
    Reader(console).sees("/containers", name)
    return name


@pytest.fixture
def repository(console):
    return make_repository(console)


def statement(principal, sid="Team"):
    return {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": principal}, "Action": PULL}


def policy(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def is_told(person, *sentences):
    for sentence in sentences:
        expect(person.dialog).to_contain_text(sentence, timeout=PATIENT)


def asks_to_add_all_the_same(person, repository, warning):
    """Add what the dialog warns of, once the console has read the policy."""
    reader = Reader(person.console)

    def check():
        reader.reads(f"{WEB}/policy?repository={repository}")  # which has it read
        return reader.reads(f"{WEB}/repositories/check?repository={repository}")

    until(check, lambda page: warning in page.text)
    person.page.get_by_role("button", name="Add repository").first.click()
    field = person.page.get_by_role("combobox", name="Repository")
    field.fill(repository)
    field.press("Escape")
    is_told(person, warning)
    person.page.get_by_role("button", name="Add", exact=True).click()


def fails_at(person, step):
    expect(person.dialog.get_by_role("listitem").filter(has_text=step)).to_contain_text("Failed", timeout=PATIENT)


def retries(person):
    person.dialog.get_by_role("button", name="Retry", exact=True).click()


def is_granted(person, repository):
    is_told(person, f"can now pull images from {repository}.")
    person.continues()
    expect(person.row(repository)).to_contain_text("Allowed")


def test_access_denied_names_the_action_and_the_statement_that_allows_it(mika, sandbox, repository):
    sandbox.fault(kind="access_denied", action="ecr:SetRepositoryPolicy")
    mika.opens_images_of("storefront-web")
    mika.asks_to_add(repository)
    is_told(
        mika, "Your AWS permissions do not allow ecr:SetRepositoryPolicy on", "The repository policy was not changed."
    )
    expect(mika.dialog.get_by_text('"ecr:SetRepositoryPolicy"')).to_be_visible()
    sandbox.clear_faults()
    retries(mika)
    is_granted(mika, repository)


def test_after_a_refusal_the_statement_is_copied_and_the_page_behind_stays_usable(mika, sandbox, repository):
    mika.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    sandbox.fault(kind="access_denied", action="ecr:SetRepositoryPolicy")
    mika.opens_images_of("storefront-web")
    mika.asks_to_add(repository)
    failed = mika.dialog.get_by_role("listitem").filter(has_text="Update the repository policy")
    expect(failed).to_contain_text("Failed", timeout=PATIENT)
    listen(mika.page)
    mika.dialog.get_by_role("button", name="Copy IAM statement").click()
    hears(mika.page, "Copied")
    assert "ecr:SetRepositoryPolicy" in json.loads(mika.page.evaluate("navigator.clipboard.readText()"))["Action"]
    mika.closes()
    mika.page.get_by_role("link", name="Deployments", exact=True).click()
    expect(mika.page.get_by_role("heading", name="storefront-web")).to_be_visible()


STEPS_OF = {
    "lightsail:GetContainerServices": ACTIVATE,
    "lightsail:UpdateContainerService": ACTIVATE,
    "ecr:GetRepositoryPolicy": UPDATE,
}


@pytest.mark.parametrize("action", first_of(STEPS_OF))  # in tests/errors/test_refused.py each is played
def test_each_action_that_adding_needs_is_named_with_its_statement(mika, sandbox, service, repository, action):
    mika.opens_images_of(service)
    sandbox.fault(kind="access_denied", action=action)
    mika.asks_to_add(repository)
    is_told(mika, f"Your AWS permissions do not allow {action} on", AS_IT_WAS)
    fails_at(mika, STEPS_OF[action])
    expect(mika.dialog.get_by_role("group", name="IAM statement")).to_contain_text(f'"{action}"')
    sandbox.clear_faults()
    retries(mika)
    is_granted(mika, repository)


def test_a_removal_that_may_not_delete_the_policy_names_that_action(mika, sandbox, repository):
    Reader(mika.console).ended(Reader(mika.console).adds(repository))
    sandbox.fault(kind="access_denied", action="ecr:DeleteRepositoryPolicy")
    mika.opens_images_of("storefront-web")
    mika.asks_to_remove(repository)
    is_told(mika, "Your AWS permissions do not allow ecr:DeleteRepositoryPolicy on", AS_IT_WAS)
    fails_at(mika, UPDATE)
    sandbox.clear_faults()
    retries(mika)
    is_told(mika, f"storefront-web can no longer pull images from {repository}.")
    assert mika.sids(repository) == []


@pytest.mark.parametrize(
    "action, path",
    [
        ("lightsail:GetContainerServices", "/containers"),
        ("lightsail:GetContainerServiceDeployments", f"{WEB}/deployments"),
        ("ecr:DescribeRepositories", f"{WEB}/images"),
        ("ecr:DescribeImages", f"{WEB}/images?added=storefront/web"),
    ],
)
def test_a_page_names_the_action_that_was_refused_and_shows_the_rest(mika, sandbox, action, path):
    sandbox.fault(kind="access_denied", action=action)
    Reader(mika.console).sees(path, f"Your AWS permissions do not allow {action} on")
    mika.page.goto(path)
    expect(mika.page.get_by_text(f"Your AWS permissions do not allow {action} on").first).to_be_visible()
    expect(mika.page.get_by_role("main").get_by_text("storefront-web").first).to_be_visible()


MEANWHILE = {
    "principal_not_found": "ECR doesn't recognize the new role yet; trying again in",
    "throttle": "AWS answered ThrottlingException; trying again in",
    "timeout": "AWS gave no answer; trying again in",
}


@pytest.mark.parametrize("kind", first_of(MEANWHILE))  # in tests/errors/test_unreachable.py each is played
def test_an_operation_says_what_it_waits_for_and_then_ends_well(mika, sandbox, service, repository, kind):
    sandbox.fault(kind=kind, action="ecr:SetRepositoryPolicy", match={"repository": repository})
    mika.opens_images_of(service)
    mika.asks_to_add(repository)
    is_told(mika, MEANWHILE[kind])
    sandbox.clear_faults()
    is_granted(mika, repository)


@pytest.mark.parametrize(
    "text, sentence",
    [
        ('{"Version": "2012-10-17",\n "Statement": [}', "isn't valid JSON (line 2, column 16)."),
        (policy(*(statement(TEAM, f"Team{number:03}") for number in range(70))), "characters; ECR allows 10,240."),
    ],
    ids=["not JSON", "too large"],
)
def test_a_policy_in_the_way_is_told_left_alone_and_got_past(mika, sandbox, repository, text, sentence):
    sandbox.put_policy(repository, text)
    before = sandbox.policy(repository)
    mika.opens_images_of("storefront-web")
    asks_to_add_all_the_same(mika, repository, sentence)
    is_told(mika, sentence, AS_IT_WAS)
    fails_at(mika, UPDATE)
    assert sandbox.policy(repository) == before
    sandbox.put_policy(repository, policy(statement(TEAM)))
    retries(mika)
    is_granted(mika, repository)


def test_a_service_that_is_gone_is_named(mika, sandbox, service, repository, troubles):
    lightsail = sandbox.client("lightsail")
    mika.opens_images_of(service)
    # The console's list of services is from before, so that the operation finds out.
    sandbox.fault(action="lightsail:GetContainerServices", kind="access_denied", match={"service": ""})
    lightsail.delete_container_service(serviceName=service)
    sandbox.advance(1)
    mika.asks_to_add(repository)
    is_told(mika, f"The container service {service} doesn't exist in us-east-1.", "Check the name and the region")
    fails_at(mika, ACTIVATE)
    sandbox.clear_faults()
    lightsail.create_container_service(serviceName=service, power="nano", scale=1)
    retries(mika)
    is_told(mika, f"{service} can now pull images from {repository}.")
    troubles[:] = [trouble for trouble in troubles if "404" not in trouble]


def test_a_repository_that_goes_while_its_operation_waits_is_named(mika, sandbox, service, repository):
    ecr = sandbox.client("ecr")
    sandbox.options(arn_lag_seconds=LONG)
    mika.opens_images_of(service)
    mika.asks_to_add(repository)
    is_told(mika, "This usually takes less than a minute.")
    ecr.delete_repository(repositoryName=repository, force=True)
    sandbox.advance(LONG)
    is_told(mika, f"The repository {repository} doesn't exist in us-east-1.")
    fails_at(mika, UPDATE)
    ecr.create_repository(repositoryName=repository)
    retries(mika)
    is_told(mika, f"{service} can now pull images from {repository}.")


def test_a_repository_of_another_region_is_refused_with_the_rule(mika, troubles):
    Reader(mika.console).knows("ap-northeast-1")
    mika.opens_images_of("storefront-web")
    mika.asks_to_add("tokyo/api")
    is_told(mika, "The repository tokyo/api doesn't exist in us-east-1, but in ap-northeast-1.")
    is_told(mika, "pulls only from repositories of its own region")
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]


def test_a_region_that_is_being_set_up_is_told_beside_the_others(mika, sandbox):
    told = "ap-northeast-1: AWS is still setting up your account in ap-northeast-1."
    sandbox.options(setup_regions=["ap-northeast-1"])
    Reader(mika.console).sees("/containers", told)
    mika.page.goto("/containers")
    expect(mika.page.get_by_text(told)).to_be_visible()
    expect(mika.page.get_by_text("Wait a few minutes, then try again.")).to_be_visible()
    expect(mika.page.get_by_role("link", name="storefront-web")).to_be_visible()


def test_a_dead_principal_is_pruned_after_a_preview_and_the_operation_retried(mika, sandbox, repository):
    gone = f"{TEAM}-{repository.removeprefix('team/')}"
    sandbox.put_policy(repository, policy(statement(gone, "Gone"), statement(TEAM)))
    sandbox.kill_principal(gone)
    mika.opens_images_of("storefront-web")
    asks_to_add_all_the_same(mika, repository, "Remove dead principals")
    is_told(mika, "because it cannot find a principal that it names: AROA", AS_IT_WAS)
    mika.dialog.get_by_role("button", name="Remove dead principals").click()
    expect(mika.dialog.get_by_role("heading", name="Remove dead principals?")).to_be_visible()
    expect(mika.dialog.get_by_role("group", name=f"Policy difference of {repository}")).to_contain_text("AROA")
    mika.dialog.get_by_role("button", name="Remove dead principals").click()
    is_told(mika, f"The dead principals were removed from {repository}.")
    mika.dialog.get_by_role("button", name="Retry what failed before").click()
    is_granted(mika, repository)
    assert mika.sids(repository) == ["Team", "AllowLightsailPull-storefront-web"]


def test_a_busy_service_is_waited_for_by_its_state(mika, sandbox, service, repository):
    sandbox.change_service(service, state="DEPLOYING")
    mika.opens_images_of(service)
    mika.asks_to_add(repository)
    is_told(mika, "The service is DEPLOYING; waiting until AWS accepts changes.")
    sandbox.change_service(service, state=None)
    is_granted(mika, repository)


def test_a_service_that_stays_busy_ends_the_wait_with_its_state(mika, sandbox, service, repository):
    sandbox.change_service(service, state="UPDATING")
    mika.opens_images_of(service)
    mika.asks_to_add(repository)
    is_told(mika, f"The container service {service} was still UPDATING after 10 minutes.", AS_IT_WAS)
    fails_at(mika, ACTIVATE)
    sandbox.change_service(service, state=None)
    retries(mika)
    is_granted(mika, repository)


def test_while_aws_is_away_pages_show_what_is_known_and_stay_usable(mika, sandbox):
    sandbox.fault(kind="reset")
    Reader(mika.console).sees("/containers", "us-east-1, ap-northeast-1: Can't reach AWS at")
    mika.page.goto("/containers")
    expect(mika.page.get_by_text("us-east-1, ap-northeast-1: Can't reach AWS at")).to_be_visible()
    expect(mika.page.get_by_text("The data shown was read").first).to_be_visible()
    mika.opens_images_of("storefront-web")
    expect(mika.row("storefront/web")).to_contain_text("Allowed")
    mika.page.get_by_role("button", name="Add repository").first.click()
    expect(mika.page.get_by_role("combobox", name="Repository")).to_be_focused()


def test_an_expired_token_is_told_above_data_that_is_called_old(mika, sandbox):
    sandbox.fault(kind="expired_token")
    Reader(mika.console).sees("/containers", "us-east-1, ap-northeast-1: The AWS credentials have expired.")
    Reader(mika.console).sees("/containers", "may be out of date")
    mika.page.goto("/containers")
    expect(mika.page.get_by_text("us-east-1, ap-northeast-1: The AWS credentials have expired.")).to_be_visible()
    expect(mika.page.get_by_text("Renew them on the machine that runs Sailpass").first).to_be_visible()
    expect(mika.page.get_by_text("may be out of date")).to_be_visible()
    expect(mika.page.get_by_role("link", name="payments-api")).to_be_visible()


def test_the_title_and_the_button_say_how_it_ended(mika, sandbox, repository):
    mika.opens_images_of("storefront-web")
    mika.asks_to_add(repository)
    expect(mika.dialog.get_by_role("heading")).to_have_text(f"Added {repository}", timeout=PATIENT)
    mika.dialog.get_by_role("link", name="Continue").click()
    sandbox.fault(kind="access_denied", action="ecr:SetRepositoryPolicy")
    mika.asks_to_add("tools/cli")
    expect(mika.dialog.get_by_role("heading")).to_have_text("Couldn't add tools/cli", timeout=PATIENT)
    expect(mika.dialog.get_by_role("link", name="Close")).to_be_visible()
    expect(mika.dialog.get_by_role("link", name="Continue")).to_have_count(0)


def test_a_hostile_policy_runs_nothing_in_the_browser(mika, sandbox, repository, troubles):
    boxes = []
    mika.page.on("dialog", lambda box: (boxes.append(box.message), box.dismiss()))
    sandbox.put_policy(repository, policy(statement(EVIL, EVIL)))
    mika.page.goto(f"/containers/us-east-1/storefront-web/policy?repository={repository}")
    expect(mika.page.get_by_role("group", name="policy text")).to_contain_text("<script>alert(2)</script>")
    sandbox.fault(kind="error", action="ecr:SetRepositoryPolicy", code="EvilException", message=EVIL)
    mika.page.get_by_role("button", name="Add repository").click()
    mika.dialog.get_by_role("button", name="Add", exact=True).click()  # of what the dialog warns of
    troubles[:] = [trouble for trouble in troubles if "422" not in trouble]
    is_told(mika, "AWS answered ecr:SetRepositoryPolicy with an unknown error: EvilException")
    mika.dialog.get_by_text("Error details").click()
    is_told(mika, EVIL)
    assert boxes == []


def test_without_scripts_a_refusal_is_told_and_retried_with_plain_forms(ken, sandbox, repository):
    sandbox.fault(kind="access_denied", action="ecr:GetRepositoryPolicy")
    ken.opens_images_of("storefront-web")
    ken.page.get_by_role("button", name="Add repository").first.click()
    ken.page.get_by_role("combobox", name="Repository").fill(repository)
    ken.page.get_by_role("button", name="Add", exact=True).click()
    expect(ken.page.get_by_text("Your AWS permissions do not allow ecr:GetRepositoryPolicy")).to_be_visible(
        timeout=PATIENT
    )
    sandbox.clear_faults()
    ken.page.get_by_role("button", name="Retry", exact=True).click()
    ken.continues()
    expect(ken.row(repository)).to_contain_text("Allowed")
