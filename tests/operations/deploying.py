"""A service that runs a deployment and may pull, for tests that deploy to it."""

from __future__ import annotations

import pytest

from app.aws.deployment_ports import DeploymentSpec
from app.operations.state import Kind
from tests.build import ACCOUNT, REGION, SERVICE, a_policy, a_repository, a_statement, an_image, puller_arn
from tests.fake_deployments import deployed_before
from tests.operations.workshop import active

WEB = "storefront/web"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = "sha256:" + "2" * 64
CANARY = "canary-5b1f0d"
RUNNING = DeploymentSpec(
    {
        "web": {
            "image": f"{HOST}/{WEB}:1.0",
            "command": ["serve"],
            "environment": {"DB_PASSWORD": CANARY},
            "ports": {"8080": "HTTP"},
        },
        "sidecar": {"image": "nginx:1.27", "environment": {"TOKEN": f"{CANARY}-2"}},
    },
    {"containerName": "web", "containerPort": 8080, "healthCheck": {"path": "/healthz", "timeoutSeconds": 7}},
)
CREATE = "lightsail:CreateContainerServiceDeployment"


@pytest.fixture
def access(aws):
    """A service that runs version 1 and may pull from the repository, which holds 1.0 and 2.0."""
    active(aws, SERVICE)
    allowed = a_policy([a_statement(principal={"AWS": puller_arn()})])
    aws.add_repository(a_repository(WEB), policy=allowed, images=[an_image("2.0", digest=DIGEST), an_image("1.0")])
    deployed_before(aws, SERVICE, RUNNING)
    return aws


def versions(aws, service: str = SERVICE):
    return aws.deployments(REGION).list_versions(service).value


def deploy(shop, **asked) -> str:
    return shop.start(Kind.DEPLOY, SERVICE, WEB, **{"tag": "2.0", **asked})
