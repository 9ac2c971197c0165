"""Repository policies over HTTP, with real boto3."""

from __future__ import annotations

import json

import pytest

CONSTRAINT = "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
INVALID = ("InvalidParameterException", f"{CONSTRAINT}'Invalid repository policy provided'")
NOT_FOUND = ("InvalidParameterException", f"{CONSTRAINT}'Principal not found'")
NO_POLICY = (
    "RepositoryPolicyNotFoundException",
    (
        "Repository policy does not exist for the repository with name 'payments/api' "
        "in the registry with id '123456789012'"
    ),
)
USER = "arn:aws:iam::123456789012:user/mika"


@pytest.fixture
def set_policy(ecr):
    return lambda text, repository="payments/api", **more: ecr.set_repository_policy(
        repositoryName=repository, policyText=text, **more
    )


@pytest.fixture
def fresh_arn(sandbox, switch, puller):
    """The ARN of a role that has just appeared."""
    switch("payments-api", True)
    sandbox.advance(6)
    return puller("payments-api")["principalArn"]


def test_a_repository_without_a_policy_says_so(ecr, refusal):
    assert refusal(ecr.get_repository_policy, repositoryName="payments/api") == NO_POLICY
    assert refusal(ecr.delete_repository_policy, repositoryName="payments/api") == NO_POLICY


def test_a_set_and_a_get_answer_with_the_rewritten_text(ecr, set_policy, grant_text):
    answer = set_policy(grant_text("123456789012"))
    text = ecr.get_repository_policy(repositoryName="payments/api")["policyText"]
    assert answer["policyText"] == text
    assert text.startswith('{\n  "Version" : "2008-10-17",\n  "Statement" : [ {\n')
    assert '"AWS" : "arn:aws:iam::123456789012:root"' in text


def test_a_deleted_policy_is_handed_back_and_gone(ecr, refusal):
    text = ecr.delete_repository_policy(repositoryName="storefront/web")["policyText"]
    assert "AllowLightsailPull-storefront-web" in text
    assert refusal(ecr.get_repository_policy, repositoryName="storefront/web")[0] == "RepositoryPolicyNotFoundException"


def test_a_fresh_principal_is_not_found_for_a_while(sandbox, fresh_arn, set_policy, grant_text, refusal):
    assert refusal(set_policy, text=grant_text(fresh_arn)) == NOT_FOUND
    sandbox.advance(30)
    assert fresh_arn in set_policy(grant_text(fresh_arn))["policyText"]


def test_the_wrong_arn_is_accepted_without_a_word(lightsail, set_policy, grant_text):
    arn = lightsail.get_container_services(serviceName="payments-api")["containerServices"][0]["principalArn"]
    assert arn in set_policy(grant_text(arn))["policyText"]


def test_a_deactivated_role_reads_back_as_a_unique_id(switch, puller, policy_of):
    arn = puller("storefront-web")["principalArn"]
    switch("storefront-web", False)
    principal = policy_of("storefront/web")["Statement"][0]["Principal"]["AWS"]
    assert (principal.startswith("AROA"), len(principal), principal != arn) == (True, 21, True)


def test_a_dead_principal_makes_every_later_write_fail(switch, ecr, set_policy, refusal):
    switch("storefront-web", False)
    text = ecr.get_repository_policy(repositoryName="storefront/web")["policyText"]
    assert refusal(set_policy, text=text, repository="storefront/web") == NOT_FOUND


def test_a_reactivated_role_does_not_bring_the_dead_one_back(sandbox, switch, policy_of):
    for is_active in (False, True):
        switch("storefront-web", is_active)
        sandbox.advance(60)
    assert policy_of("storefront/web")["Statement"][0]["Principal"]["AWS"].startswith("AROA")


def test_a_deleted_service_leaves_dead_principals(sandbox, lightsail, policy_of):
    lightsail.delete_container_service(serviceName="storefront-web")
    assert policy_of("storefront/web")["Statement"][0]["Principal"]["AWS"].startswith("arn:")
    sandbox.advance(6)
    assert policy_of("storefront/web")["Statement"][0]["Principal"]["AWS"].startswith("AROA")


def test_the_orphan_of_the_demo_cannot_be_written_back(ecr, set_policy, refusal):
    text = ecr.get_repository_policy(repositoryName="payments/worker")["policyText"]
    assert "AROA" in text
    assert refusal(set_policy, text=text, repository="payments/worker") == NOT_FOUND


@pytest.mark.parametrize(
    "repository", ["analytics/etl", "payments/ledger", "shared/base-node", "shared/base-python", "tools/cli"]
)
def test_a_policy_of_the_demo_can_be_written_back(ecr, set_policy, policy_of, repository):
    before = policy_of(repository)
    set_policy(json.dumps(before), repository=repository)
    assert policy_of(repository)["Statement"][0]["Sid"] == before["Statement"][0]["Sid"]


def test_a_text_may_have_10240_characters_and_no_more(set_policy, grant_text, refusal):
    text = grant_text(USER)
    set_policy(text + " " * (10_240 - len(text)))
    assert refusal(set_policy, text=text + " " * (10_241 - len(text))) == (
        "InvalidParameterException",
        f"{CONSTRAINT}'Member must have length less than or equal to 10240'",
    )


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param({"Principal": {"AWS": ["arn:aws:iam::111122223333:*", "arn:aws:iam::998877665544:*"]}}, id="p01"),
        pytest.param({"Resource": ["arn:aws:ecr:us-east-1:123456789012:repository/*"]}, id="p11"),
        pytest.param({"Action": "ecr:GetAuthorizationToken"}, id="token"),
    ],
)
def test_what_people_write_and_ecr_refuses(set_policy, refusal, statement):
    written = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "ecr:BatchGetImage", **statement}
    assert refusal(set_policy, text=json.dumps({"Version": "2012-10-17", "Statement": [written]})) == INVALID


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(
            {
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": ["ecr:BatchGetImage", "ecr:SetRepositoryPolicy"],
                "Condition": {"StringLike": {"aws:sourceArn": "arn:aws:lambda:us-east-1:111122223333:function:*"}},
            },
            id="p03",
        ),
        pytest.param({"Principal": {"AWS": "arn:aws:sts::111122223333:assumed-role/builder/ci-run-17"}}, id="p08"),
        pytest.param({"Principal": {"AWS": "*"}, "Action": ["ecr:PutImage", "ecr:UploadLayerPart"]}, id="p14"),
        pytest.param({"NotPrincipal": {"AWS": USER}, "Principal": None}, id="Allow with NotPrincipal"),
    ],
)
def test_what_people_write_and_ecr_takes(set_policy, statement):
    written = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "ecr:BatchGetImage", **statement}
    kept = {key: value for key, value in written.items() if value is not None}
    set_policy(json.dumps({"Version": "2012-10-17", "Statement": [kept, kept]}))


def test_a_root_of_a_closed_account_is_not_found(sandbox, set_policy, refusal):
    roots = ["arn:aws:iam::998877665544:root", "arn:aws:iam::777788889999:root"]  # p24; the demo's first is closed
    allow = {"Effect": "Allow", "Principal": {"AWS": roots}, "Action": "ecr:BatchGetImage"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    assert refusal(set_policy, text=text) == NOT_FOUND
    sandbox.control("POST", "accounts", {"account": "998877665544", "exists": True})
    set_policy(text)
    sandbox.close_account("777788889999")
    assert refusal(set_policy, text=text) == NOT_FOUND


def test_nonsense_is_refused_in_awss_words(set_policy, refusal):
    assert refusal(set_policy, text="{}") == INVALID


@pytest.mark.parametrize("principal", ["*", {"AWS": USER}, {"AWS": "123456789012"}])
def test_who_would_lock_himself_out_is_refused_but_by_force(set_policy, refusal, principal):
    deny = {"Effect": "Deny", "Principal": principal, "Action": "ecr:*"}
    text = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    assert refusal(set_policy, text=text) == INVALID
    assert set_policy(text, force=True)["repositoryName"] == "payments/api"


def test_a_deny_of_pulls_alone_locks_nobody_out(set_policy):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage"}
    set_policy(json.dumps({"Version": "2012-10-17", "Statement": deny}))


def test_a_refused_write_changes_nothing(sandbox, set_policy, refusal):
    refusal(set_policy, text="{}", repository="storefront/web")
    assert sandbox.policy("storefront/web")["writes"] == 0
