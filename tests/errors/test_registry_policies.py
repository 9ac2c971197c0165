"""What the console says of a registry policy, compared with a pull by the image puller role at the sandbox."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from tests.console import until
from tests.reader import REGION, SERVICE

REPOSITORY = "storefront/web"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
ARN = f"arn:aws:ecr:{REGION}:123456789012:repository"
DENY = {
    "Sid": "NoPulls",
    "Effect": "Deny",
    "Principal": "*",
    "Action": PULL,
    "Resource": [f"{ARN}/storefront/*", f"{ARN}/tools/*"],
}
ALLOW = {"Sid": "Pulls", "Effect": "Allow", "Principal": "*", "Action": PULL, "Resource": f"{ARN}/tools/*"}
LIST = f"/api/v1/services/{REGION}/{SERVICE}"


@pytest.fixture
def ecr(console):
    return console.sandbox.client("ecr")


@pytest.fixture
def role(console):
    services = console.sandbox.client("lightsail").get_container_services(serviceName=SERVICE)
    return services["containerServices"][0]["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]


@pytest.fixture
def registry(console, sandbox, ecr):
    """Set a registry policy with a scope; afterwards there is none, and the console has read that."""

    def put(statement, scope="V2"):
        text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        ecr.put_registry_policy(policyText=text)
        ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value=scope)

    yield put
    sandbox.clear_faults()
    with_none = json.dumps({"Version": "2012-10-17", "Statement": [{**ALLOW, "Sid": "Last"}]})
    ecr.put_registry_policy(policyText=with_none)
    ecr.delete_registry_policy()
    ecr.put_account_setting(name="REGISTRY_POLICY_SCOPE", value="V2")
    until(lambda: state(console), lambda found: found == "none")


def answer(console, path):
    return json.loads(console.get(path).text)


def state(console):
    return answer(console, f"{LIST}/repositories")["registry"]["state"]


def row_of(console, repository):
    rows = answer(console, f"{LIST}/repositories")["repositories"]
    return next((row for row in rows if row["name"] == repository), None)


def pulls(console, role, repository):
    """Whether the role gets the image, as the sandbox evaluates both policies."""
    client = console.sandbox.client_as(role)
    image = {"registryId": "123456789012", "repositoryName": repository, "imageIds": [{"imageTag": "latest"}]}
    try:
        return bool(client.batch_get_image(**image)["images"])
    except client.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return False


@pytest.mark.parametrize(
    "statement, scope, repository, told, by_registry",
    [
        (DENY, "V2", REPOSITORY, "read", True),
        (DENY, "V1", REPOSITORY, "scope_v1", False),
        ({**DENY, "Resource": f"{ARN}/payments/*"}, "V2", REPOSITORY, "read", False),
        ({**DENY, "Action": "ecr:PutImage"}, "V2", REPOSITORY, "read", False),
        (ALLOW, "V2", "tools/cli", "read", True),
        (ALLOW, "V1", "tools/cli", "scope_v1", False),
    ],
)
def test_every_page_says_what_a_pull_by_the_role_meets(  # noqa: PLR0917  (a row of a table)
    console, registry, role, statement, scope, repository, told, by_registry
):
    registry(statement, scope)
    until(lambda: state(console), lambda found: found == told)
    until(lambda: (row_of(console, repository) or {}).get("by_registry", False), lambda found: found is by_registry)
    allowed = pulls(console, role, repository)
    row = row_of(console, repository)
    policy = answer(console, f"{LIST}/policy?repository={quote(repository, safe='')}")
    listed = row["access"] if row else "not_allowed"
    assert (listed == "allowed", policy["access"] == "allowed") == (allowed, allowed)
    page = console.get(f"/containers/{REGION}/{SERVICE}/policy?repository={quote(repository, safe='')}").text
    assert ("Change the registry policy" in page or "registry-policy.json" in page) is by_registry
    assert policy["registry"]["state"] == told
    assert policy["registry"]["not_evaluated"][-1].startswith("Resource control policies")


def test_a_deny_is_named_before_anything_is_added(console, registry, mika, role):
    registry(DENY)
    until(lambda: state(console), lambda found: found == "read")
    body = json.dumps({"kind": "grant", "repository": "tools/cli"})
    preview = json.loads(console.post(f"{LIST}/preview", body, Content_Type="application/json").text)
    assert (preview["access"], "NoPulls" in preview["reason"]) == ("denied", True)
    page = mika.reads(f"/containers/{REGION}/{SERVICE}/repositories/preview?kind=grant&repository=tools/cli")
    assert "NoPulls" in page.text
    ended = mika.ended(mika.adds("tools/cli", warned="tools/cli access.denied_by_registry"))
    assert "NoPulls" in ended.text
    assert not pulls(console, role, "tools/cli")


def test_a_refused_reading_is_said_and_not_guessed(console, sandbox, registry, ecr, role):
    sandbox.fault(kind="access_denied", action="ecr:GetRegistryPolicy")
    until(lambda: answer(console, f"{LIST}/repositories")["registry"], lambda read: read["problem"] is not None)
    read = answer(console, f"{LIST}/repositories")["registry"]
    assert read["problem"]["code"] == "aws.access_denied"
    assert pulls(console, role, REPOSITORY)
    assert row_of(console, REPOSITORY)["access"] == "allowed"
