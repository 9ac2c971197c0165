"""Who may pull over HTTP: real boto3 with the credentials of a service's role, through every layer of policies."""

from __future__ import annotations

import json

import pytest

from app.sandbox.policy_read import rendered

ORGANIZATION = "o-exampleorgid"
REPOSITORY = "arn:aws:ecr:us-east-1:123456789012:repository/storefront/web"
IMAGE = {"registryId": "123456789012", "repositoryName": "storefront/web", "imageIds": [{"imageTag": "5.3.0"}]}
BECAUSE = "because no resource-based policy allows the ecr:BatchGetImage action"
EXPLICIT = "with an explicit deny in a resource-based policy"
PERIMETER = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "ecr:*",
    "Resource": "*",
    "Condition": {
        "StringNotEqualsIfExists": {
            "aws:PrincipalOrgID": ORGANIZATION,
            "aws:ResourceTag/dp:exclude:identity": "true",
        },
        "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
    },
}


@pytest.fixture
def role(puller):
    return puller("storefront-web")["principalArn"]


@pytest.fixture
def as_role(sandbox, role):
    return sandbox.client_as(role)


@pytest.fixture
def outcome(as_role, refusal):
    """How a pull by the role ends: "" or the words with which AWS ends its refusal."""

    def pulled(**changes):
        request = {**IMAGE, **changes}
        try:
            image = as_role.batch_get_image(**request)["images"][0]
        except as_role.exceptions.ClientError as error:
            problem = error.response["Error"]
            return problem["Message"].partition(f"{request['repositoryName']} ")[2] or problem["Code"]
        layer = json.loads(image["imageManifest"])["layers"][0]["digest"]
        about = {name: request[name] for name in ("registryId", "repositoryName")}
        as_role.get_download_url_for_layer(**about, layerDigest=layer)
        return ""

    return pulled


@pytest.fixture
def add(sandbox):
    """Add a statement to the policy of storefront/web, as another writer."""

    def added(**statement):
        document = sandbox.policy("storefront/web")["policy"]
        statements = [*document["Statement"], {"Principal": "*", "Action": "ecr:*", **statement}]
        sandbox.put_policy("storefront/web", {"Version": "2012-10-17", "Statement": statements})

    return added


def test_the_role_pulls_where_it_is_granted(outcome):
    assert outcome() == ""


def test_the_role_is_refused_where_it_is_not(outcome):
    assert outcome(repositoryName="payments/api") == BECAUSE
    assert outcome(repositoryName="no/such") == BECAUSE


def test_who_the_role_is_by_sts_and_in_a_refusal(sandbox, role, as_role, refusal):
    who = sandbox.client_as(role, "sts").get_caller_identity()
    name = role.rpartition("/")[2]
    assert who["Arn"] == f"arn:aws:sts::947856326339:assumed-role/{name}/sandbox"
    assert (who["Account"], who["UserId"].startswith("AROA")) == ("947856326339", True)
    assert who["Arn"] in refusal(as_role.batch_get_image, **{**IMAGE, "repositoryName": "payments/api"})[1]


@pytest.mark.parametrize("operation", ["get_repository_policy", "describe_images", "list_images"])
def test_the_role_does_nothing_but_pull(add, as_role, refusal, operation):
    add(Effect="Allow")
    code, message = refusal(getattr(as_role, operation), registryId="123456789012", repositoryName="storefront/web")
    assert (code, "because no identity-based policy allows" in message) == ("AccessDeniedException", True)


def test_the_role_has_no_business_with_lightsail(sandbox, role, refusal):
    code, _ = refusal(sandbox.client_as(role, "lightsail").get_container_services)
    assert code == "AccessDeniedException"


def test_a_role_that_is_gone_has_no_credentials(switch, as_role, refusal):
    switch("storefront-web", False)
    assert refusal(as_role.batch_get_image, **IMAGE)[0] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    "condition, is_denied",
    [
        pytest.param({"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}}, True, id="p05"),
        pytest.param({"StringNotEquals": {"aws:PrincipalAccount": ["111122223333", "998877665544"]}}, True, id="p05c"),
        pytest.param({"Bool": {"aws:SecureTransport": "false"}}, False, id="p06"),
        pytest.param({"DateGreaterThan": {"aws:CurrentTime": "2025-01-01T00:00:00Z"}}, True, id="p15"),
        pytest.param({"DateGreaterThan": {"aws:CurrentTime": "2525-01-01T00:00:00Z"}}, False, id="a date to come"),
        pytest.param({"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/amazon/lightsail/*"}}, False, id="arn"),
        pytest.param({"StringNotEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}, True, id="vpce"),
        pytest.param({"Null": {"aws:SourceArn": "true"}}, True, id="null"),
    ],
)
def test_a_conditional_deny_is_judged(add, outcome, condition, is_denied):
    add(Effect="Deny", Condition=condition)
    assert outcome() == (EXPLICIT if is_denied else "")


def test_an_allow_ends_when_its_date_comes(sandbox, role, outcome):
    now = sandbox.control("GET", "clock")["now"]
    allow = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": ["ecr:BatchGetImage", "ecr:Get*"]}
    until = {"DateLessThan": {"aws:EpochTime": str(int(now) + 100)}}
    sandbox.put_policy("storefront/web", {"Version": "2012-10-17", "Statement": [{**allow, "Condition": until}]})
    assert outcome() == ""
    sandbox.advance(101)
    assert outcome() == BECAUSE


def test_a_key_can_be_given_another_value(sandbox, role, add):
    add(Effect="Deny", Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
    inside = sandbox.client_as(role, aws__SourceIp="203.0.113.9")
    outside = sandbox.client_as(role, aws__SourceIp="192.0.2.9")
    unknown = sandbox.client_as(role, aws__SourceIp=None)
    assert inside.batch_get_image(**IMAGE)["images"]
    for client in (outside, unknown):
        with pytest.raises(client.exceptions.ClientError, match="explicit deny"):
            client.batch_get_image(**IMAGE)


@pytest.fixture
def registry(sandbox):
    """Write the registry policy: one statement, by default for everyone and every action."""

    def written(**statement):
        written = {"Principal": "*", "Action": "ecr:*", "Resource": "*", **statement}
        sandbox.change_registry(policy={"Version": "2012-10-17", "Statement": [written]})

    return written


def test_a_registrys_deny_wins_over_the_repositorys_allow(registry, outcome):
    registry(Effect="Deny", Action="ecr:BatchGetImage", Resource=f"{REPOSITORY[:-3]}*")
    assert outcome() == EXPLICIT


def test_a_registrys_deny_of_other_repositories_says_nothing(registry, outcome):
    registry(Effect="Deny", Resource="arn:aws:ecr:us-east-1:123456789012:repository/payments/*")
    assert outcome() == ""


def test_a_registrys_allow_opens_a_repository_without_a_policy(registry, role, outcome, ecr):
    ecr.delete_repository_policy(repositoryName="storefront/web")
    assert outcome() == BECAUSE
    registry(Effect="Allow", Principal={"AWS": role}, Action=["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"])
    assert outcome() == ""


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_under_v1_a_registrys_policy_says_nothing_of_pulls(sandbox, registry, outcome, ecr, effect):
    registry(Effect=effect)
    sandbox.change_registry(settings={"REGISTRY_POLICY_SCOPE": "V1"})
    assert outcome() == ""
    assert outcome(repositoryName="payments/api") == BECAUSE


def test_an_organizations_perimeter_keeps_the_role_out(sandbox, outcome):
    sandbox.organization(ORGANIZATION, policies=[{"Version": "2012-10-17", "Statement": [PERIMETER]}])
    assert outcome() == "with an explicit deny in a resource control policy"


def test_the_tag_that_awss_sample_exempts_by_lets_the_role_in(sandbox, ecr, outcome):
    sandbox.organization(ORGANIZATION, policies=[{"Version": "2012-10-17", "Statement": [PERIMETER]}])
    ecr.tag_resource(resourceArn=REPOSITORY, tags=[{"Key": "dp:exclude:identity", "Value": "true"}])
    assert outcome() == ""


def test_an_organizations_policies_do_not_bind_its_management_account_nor_its_own_users(sandbox, ecr, outcome):
    policies = [{"Version": "2012-10-17", "Statement": [PERIMETER]}]
    sandbox.organization(ORGANIZATION, policies=policies)
    assert ecr.batch_get_image(**IMAGE)["images"]
    sandbox.organization(ORGANIZATION, policies=policies, manager="123456789012")
    assert outcome() == ""


def test_an_organization_can_be_taken_away(sandbox, outcome):
    sandbox.organization(ORGANIZATION, policies=[{"Version": "2012-10-17", "Statement": [PERIMETER]}])
    sandbox.control("DELETE", f"organizations/{ORGANIZATION}")
    assert (outcome(), sandbox.control("GET", "organizations")) == ("", {"organizations": []})


def test_an_account_pulls_from_another_by_its_organization(sandbox, other_account, refusal):
    request = {"registryId": "123456789012", "repositoryName": "analytics/etl", "imageIds": [{"imageTag": "latest"}]}
    assert refusal(other_account["ecr"].batch_get_image, **request)[0] == "AccessDeniedException"
    sandbox.organization("o-3x4mpl3org", ["123456789012", "210987654321"])
    assert other_account["ecr"].batch_get_image(**request)["images"]


def test_an_accounts_own_user_is_bound_by_a_deny(ecr, refusal):
    request = {"repositoryName": "payments/ledger", "imageIds": [{"imageTag": "latest"}]}
    code, message = refusal(ecr.batch_get_image, **request)
    assert (code, message.endswith(EXPLICIT)) == ("AccessDeniedException", True)
    ecr.describe_images(repositoryName="payments/ledger")


def test_an_accounts_own_role_needs_no_policy(sandbox, ecr):
    client = sandbox.client_as("arn:aws:iam::123456789012:role/ci/build")
    assert client.batch_get_image(repositoryName="payments/api", imageIds=[{"imageTag": "3.12.0"}])["images"]
    who = sandbox.client_as("arn:aws:iam::123456789012:role/ci/build", "sts").get_caller_identity()
    assert who["Arn"] == "arn:aws:sts::123456789012:assumed-role/build/sandbox"


def test_a_deny_that_hangs_on_what_nobody_told_does_not_lock_the_account_out(sandbox, add, ecr, refusal):
    add(Effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalOrgID": ORGANIZATION}})
    text = ecr.get_repository_policy(repositoryName="storefront/web")["policyText"]
    ecr.set_repository_policy(repositoryName="storefront/web", policyText=text)
    sandbox.organization("o-another0org")
    assert refusal(ecr.get_repository_policy, repositoryName="storefront/web")[0] == "AccessDeniedException"


def test_a_deny_that_would_lock_its_writer_out_is_judged_with_its_condition(ecr, refusal):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}

    def write(**condition):
        document = {"Version": "2012-10-17", "Statement": [{**deny, "Condition": condition}]}
        return ecr.set_repository_policy(repositoryName="payments/api", policyText=rendered(document))

    write(StringNotEquals={"aws:PrincipalAccount": "123456789012"})
    code, message = refusal(write, StringEquals={"aws:PrincipalAccount": "123456789012"})
    assert (code, "Invalid repository policy provided" in message) == ("InvalidParameterException", True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"principal": "lambda.amazonaws.com"},
        {"principal": "arn:aws:iam::1:role/x"},
        {"principal": "arn:aws:iam::123456789012:role/x", "context": []},
        {"principal": "arn:aws:iam::123456789012:role/x", "context": {"a": 1}},
    ],
)
def test_credentials_are_for_a_principal(sandbox, body):
    assert sandbox.try_control("POST", "credentials", body)[0] == 400


@pytest.mark.parametrize(
    "name, body",
    [
        ("org", {}),
        (ORGANIZATION, {"accounts": "all"}),
        (ORGANIZATION, {"accounts": ["1"]}),
        (ORGANIZATION, {"policies": {}}),
        (ORGANIZATION, {"policies": [{"Statement": [{**PERIMETER, "Effect": "Allow"}]}]}),
        (ORGANIZATION, {"policies": [{"Statement": [{**PERIMETER, "Principal": {"AWS": "1"}}]}]}),
        (ORGANIZATION, {"policies": [{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*"}]}]}),
        (ORGANIZATION, {"policies": [{"Statement": [PERIMETER] * 40}]}),
    ],
)
def test_an_organization_is_one_as_aws_has_them(sandbox, name, body):
    assert sandbox.try_control("PUT", f"organizations/{name}", body)[0] == 400


def test_a_closed_account_is_not_found_and_can_be_opened_again(sandbox, ecr, refusal, policy_of):
    before = json.dumps(policy_of("shared/base-python"))
    sandbox.close_account("210987654321")
    request = {"repositoryName": "shared/base-python", "policyText": before}
    assert refusal(ecr.set_repository_policy, **request)[1].endswith("'Principal not found'")
    assert "arn:aws:iam::210987654321:root" in policy_of("shared/base-python")["Statement"][0]["Principal"]["AWS"]
    sandbox.control("POST", "accounts", {"account": "210987654321", "exists": True})
    ecr.set_repository_policy(**request)


@pytest.mark.parametrize("body", [{"account": "1", "exists": True}, {"account": "123456789012"}])
def test_an_account_is_closed_by_its_id(sandbox, body):
    assert sandbox.try_control("POST", "accounts", body)[0] == 400
