"""AWS denies an action: the page shows the action and the IAM statement to allow it, and continues once allowed."""

import json

import pytest

from app.aws.probe import TRIES
from tests.errors.making import make_repository
from tests.reader import Reader

WEB = "/containers/us-east-1/storefront-web"

# The action that is refused, the step that it stops, and how to come to need it.
OF_OPERATIONS = [
    ("lightsail:GetContainerServices", "Activate the image puller role", ("adds", "analytics/etl", "storefront-web")),
    ("lightsail:UpdateContainerService", "Activate the image puller role", ("adds", "payments/api", "payments-api")),
    ("ecr:GetRepositoryPolicy", "Update the repository policy", ("adds", "storefront/web", "reporting")),
    ("ecr:SetRepositoryPolicy", "Update the repository policy", ("adds", "shared/base-python", "storefront-web")),
    ("ecr:DeleteRepositoryPolicy", "Update the repository policy", ("removes", "edge/cache", "edge-cache")),
]
# The action, and the page that shows that it was refused.
OF_PAGES = [
    ("lightsail:GetContainerServices", "/containers"),
    ("lightsail:GetContainerServices", f"{WEB}/images"),
    ("lightsail:GetContainerServiceDeployments", f"{WEB}/deployments"),
    ("ecr:DescribeRepositories", f"{WEB}/images"),
    ("ecr:DescribeImages", f"{WEB}/images?added=storefront/web"),
    ("ecr:GetRepositoryPolicy", f"{WEB}/policy?repository=storefront/web"),
]


def test_no_action_that_is_used_is_left_out_here():
    tried = {action for action, *_ in (*OF_OPERATIONS, *OF_PAGES)}
    # The first needs no permission; a refused read of the registry policy is in test_registry_policies.py.
    assert tried == set(TRIES) - {"sts:GetCallerIdentity", "ecr:GetRegistryPolicy", "ecr:GetAccountSetting"}


@pytest.mark.parametrize("action, step, asking", OF_OPERATIONS)
def test_an_operation_names_what_was_refused_and_goes_on_once_it_is_allowed(mika, sandbox, action, step, asking):
    verb, repository, service = asking
    sandbox.fault(kind="access_denied", action=action)
    before = sandbox.policy(repository)
    failed = getattr(mika, verb)(repository, service)
    page = mika.ended(failed)
    assert page.step(step)[0] == "error"
    assert f"Your AWS permissions do not allow {action} on " in page.text
    assert "The repository policy was not changed." in page.text
    assert page.statements()[action]["Effect"] == "Allow"
    assert sandbox.policy(repository) == before
    sandbox.clear_faults()
    assert "Retry" not in mika.ended(mika.retries(failed)).buttons()
    assert sandbox.policy(repository)["writes"] == before["writes"] + 1


@pytest.mark.parametrize("action, path", OF_PAGES)
def test_a_page_names_what_was_refused_and_shows_the_rest(mika, sandbox, action, path):
    sandbox.fault(kind="access_denied", action=action)
    page = mika.sees(path, f"Your AWS permissions do not allow {action} on ")
    assert page.status == 200
    assert page.statements()[action]["Effect"] == "Allow"
    assert "storefront-web" in page.text


DENIED = (
    "User: arn:aws:iam::123456789012:user/mika is not authorized to perform: ecr:SetRepositoryPolicy on resource: x "
)
ALLOWS = "allows the ecr:SetRepositoryPolicy action"
# What AWS says at the end, who refuses by that, and whether an IAM statement would help.
REFUSERS = [
    (f"because no identity-based policy {ALLOWS}", "Your AWS permissions do not allow", True),
    (
        "with an explicit deny in an identity-based policy: arn:aws:iam::1:policy/P",
        "in an IAM policy of this identity",
        False,
    ),
    ("with an explicit deny in a service control policy", "A service control policy of your AWS organization", False),
    ("with an explicit deny in a resource control policy", "A resource control policy of your AWS organization", False),
    (f"because no permissions boundary {ALLOWS}", "The permissions boundary of this identity", False),
    (f"because no session policy {ALLOWS}", "The session policy of these credentials", False),
    (f"because no VPC endpoint policy {ALLOWS}", "The policy of a VPC endpoint", False),
    ("with an explicit deny in a resource-based policy", "The policy of the resource itself", False),
]


@pytest.fixture(scope="module")
def refused(console):
    """An operation that each of them refused; all run side by side."""
    mika, operations = Reader(console), []
    for end, _, _ in REFUSERS:
        repository = make_repository(console)
        rule = {"code": "AccessDeniedException", "message": DENIED + end, "match": {"repository": repository}}
        console.sandbox.fault(kind="error", action="ecr:SetRepositoryPolicy", **rule)
        operations.append(mika.adds(repository))
    pages = [mika.ended(operation) for operation in operations]
    console.sandbox.clear_faults()
    return pages


@pytest.mark.parametrize("number", range(len(REFUSERS)))
def test_who_refuses_is_told_and_a_statement_is_offered_only_where_it_helps(refused, number):
    end, who, statement_helps = REFUSERS[number]
    assert who in refused[number].text
    assert ("ecr:SetRepositoryPolicy" in refused[number].statements()) is statement_helps
    assert end in refused[number].text


def test_what_aws_said_can_be_quoted(mika, sandbox):
    sandbox.fault(kind="access_denied", action="ecr:SetRepositoryPolicy")
    page = mika.ended(mika.adds("analytics/reports"))
    assert "AccessDeniedException" in page.text
    assert "is not authorized to perform: ecr:SetRepositoryPolicy" in page.text


def test_the_check_of_permissions_lists_what_is_missing(mika, sandbox):
    sandbox.fault(kind="access_denied", action="ecr:DescribeImages")
    sandbox.fault(kind="access_denied", action="lightsail:UpdateContainerService")
    page = mika.sends("/permissions/check", region="us-east-1", names="")
    block = page.soup.select_one("#permission-check pre").get_text()
    assert "2 permissions are missing." in page.text
    assert {action for one in json.loads(block)["Statement"] for action in one["Action"]} == {
        "ecr:DescribeImages",
        "lightsail:UpdateContainerService",
    }


@pytest.mark.parametrize(
    "kind, repository, sentence",
    [
        ("expired_token", "tools/cli", "The AWS credentials have expired."),
        ("invalid_token", "shared/base-node", "AWS rejected the credentials in us-east-1."),
    ],
)
def test_credentials_that_no_longer_count_stop_an_operation_until_they_are_renewed(
    mika, sandbox, kind, repository, sentence
):
    sandbox.fault(kind=kind)
    failed = mika.adds(repository)
    assert sentence in mika.ended(failed).text
    assert mika.reads(f"{WEB}/images").status == 200
    sandbox.clear_faults()
    assert "storefront-web can" in mika.ended(mika.retries(failed)).text


def test_pages_show_what_is_known_while_the_token_is_expired(mika, sandbox):
    sandbox.fault(kind="expired_token")
    page = mika.sees("/containers", "us-east-1, ap-northeast-1: The AWS credentials have expired.")
    assert "The data shown was read" in page.text
    assert "payments-api" in page.text


@pytest.mark.parametrize("tab", ["", "/images", "/history"])
def test_a_services_pages_call_old_what_is_old(mika, sandbox, tab):
    sandbox.fault(kind="expired_token")
    assert "The AWS credentials have expired." in mika.sees(f"{WEB}{tab}", "may be out of date").text


def test_the_images_tab_names_the_part_that_could_not_be_read(mika, sandbox):
    sandbox.fault(kind="expired_token")
    page = mika.sees(f"{WEB}/images", "Repositories of us-east-1")
    assert ": The AWS credentials have expired." in page.text
