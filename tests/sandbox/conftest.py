"""One sandbox for all of these tests, reset for each; its clock is manual, so that nothing waits."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_server import start_sandbox

OPTIONS = {
    "activation_seconds": 6,
    "arn_lag_seconds": 0,
    "principal_seconds": 30,
    "deployment_seconds": 60,
    "pull_seconds": 0,
    "patience_seconds": 20,
    "restore_seconds": 20,
    "latency_ms": 0,
    "rate_limit": None,
    "setup_regions": [],
}


@pytest.fixture(scope="session")
def server():
    with start_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server):
    server.options(**OPTIONS)
    server.reset("demo")
    return server


@pytest.fixture(scope="session")
def clients(server):
    return {name: server.client(name) for name in ("lightsail", "ecr", "sts")}


@pytest.fixture
def lightsail(sandbox, clients):
    return clients["lightsail"]


@pytest.fixture
def ecr(sandbox, clients):
    return clients["ecr"]


@pytest.fixture
def sts(sandbox, clients):
    return clients["sts"]


@pytest.fixture(scope="session")
def tokyo(server):
    return {name: server.client(name, "ap-northeast-1") for name in ("lightsail", "ecr")}


@pytest.fixture(scope="session")
def other_account(server):
    return {name: server.client(name, account="210987654321") for name in ("lightsail", "ecr")}


@pytest.fixture
def refusal():
    """What AWS answers to a call that it refuses: `refusal(client.operation, …) == (code, message)`."""

    def refused(call, **params):
        with pytest.raises(ClientError) as raised:
            call(**params)
        error = raised.value.response["Error"]
        return error["Code"], error["Message"]

    return refused


@pytest.fixture
def switch(lightsail):
    """Switch a service's image puller role on or off, as the API's answer says it."""

    def switched(service, is_active):
        access = {"ecrImagePullerRole": {"isActive": is_active}}
        answer = lightsail.update_container_service(serviceName=service, privateRegistryAccess=access)
        return answer["containerService"]

    return switched


@pytest.fixture
def puller(lightsail):
    """The image puller role of a service, as the API shows it now."""

    def shown(service):
        found = lightsail.get_container_services(serviceName=service)["containerServices"][0]
        return found["privateRegistryAccess"]["ecrImagePullerRole"]

    return shown


@pytest.fixture
def policy_of(ecr):
    """A repository's policy as a document."""
    return lambda name: json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])


def grant(*arns, sid="AllowLightsailPull-test", version="2008-10-17"):
    """The statement of AWS's guide, alone in a policy's text."""
    statement = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": {"AWS": list(arns)},
        "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
    }
    return json.dumps({"Version": version, "Statement": [statement]})


@pytest.fixture
def grant_text():
    return grant
