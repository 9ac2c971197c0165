"""Every command of AWS's guide, with the real `aws` client, on a repository with and without a policy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sandbox_server import AWS_ENVIRONMENT

AWS = Path(sys.executable).with_name("aws")


@pytest.fixture
def run_aws(sandbox):
    def ran(*arguments):
        command = [sys.executable, str(AWS), "--endpoint-url", sandbox.url, "--output", "json", *arguments]
        environment = {"PATH": os.environ["PATH"], **AWS_ENVIRONMENT}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    return ran


@pytest.fixture
def aws(run_aws):
    """The JSON that a command prints."""

    def answered(*arguments):
        done = run_aws(*arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    return answered


@pytest.fixture
def active_arn(sandbox, switch, puller):
    """The ARN of a role that has long been active."""
    switch("payments-api", True)
    sandbox.advance(60)
    return puller("payments-api")["principalArn"]


@pytest.fixture
def write(aws, tmp_path):
    """Set a repository's policy from a file, as the guide does; the document that it reads back as."""

    def written(repository, text):
        (tmp_path / "policy.json").write_text(text)
        arguments = ("--repository-name", repository, "--policy-text", f"file://{tmp_path}/policy.json")
        return json.loads(aws("ecr", "set-repository-policy", *arguments)["policyText"])

    return written


@pytest.mark.parametrize("service, is_active", [("payments-api", "true"), ("storefront-web", "false")])
def test_the_role_is_switched_on_and_off(sandbox, aws, service, is_active):
    access = f"ecrImagePullerRole={{isActive={is_active}}}"
    arguments = ("--service-name", service, "--private-registry-access", access)
    updating = aws("lightsail", "update-container-service", *arguments)["containerService"]
    sandbox.advance(60)
    found = aws("lightsail", "get-container-services", "--service-name", service)["containerServices"][0]
    role = found["privateRegistryAccess"]["ecrImagePullerRole"]
    assert (updating["state"], found["state"]) == ("UPDATING", "RUNNING")
    assert role["principalArn"].startswith("arn:aws:iam::") is role["isActive"] is (is_active == "true")


def test_a_repository_without_a_policy_gets_one(aws, run_aws, active_arn, write, grant_text):
    missing = run_aws("ecr", "get-repository-policy", "--repository-name", "payments/api")
    assert "(RepositoryPolicyNotFoundException)" in missing.stderr
    write("payments/api", grant_text(active_arn))
    read = json.loads(aws("ecr", "get-repository-policy", "--repository-name", "payments/api")["policyText"])
    assert read["Statement"][0]["Principal"]["AWS"] == active_arn


def test_a_repository_with_a_policy_gets_a_second_statement(aws, active_arn, write, grant_text):
    policy = json.loads(aws("ecr", "get-repository-policy", "--repository-name", "tools/cli")["policyText"])
    policy["Statement"].extend(json.loads(grant_text(active_arn))["Statement"])
    read = write("tools/cli", json.dumps(policy))
    assert [each["Sid"] for each in read["Statement"]] == ["LambdaECRImageRetrievalPolicy", "AllowLightsailPull-test"]


def test_the_second_document_that_the_guide_has_people_paste_is_refused(run_aws, tmp_path, grant_text):
    policy = tmp_path / "policy.json"
    policy.write_text(f"{grant_text('123456789012')}, {grant_text('210987654321')}")
    arguments = ("--repository-name", "payments/api", "--policy-text", f"file://{policy}")
    assert "Invalid repository policy provided" in run_aws("ecr", "set-repository-policy", *arguments).stderr


def test_the_policy_is_taken_away_again(aws):
    answer = aws("ecr", "delete-repository-policy", "--repository-name", "storefront/web")
    assert "AllowLightsailPull-storefront-web" in answer["policyText"]


def test_the_client_pages_through_repositories_and_knows_who_it_is(aws):
    found = aws("ecr", "describe-repositories", "--page-size", "5")["repositories"]
    assert (len(found), aws("sts", "get-caller-identity")["Account"]) == (12, "123456789012")
