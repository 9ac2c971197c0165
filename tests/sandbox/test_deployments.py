"""Deployments: their states, what is refused, and whether images from ECR can be pulled."""

from __future__ import annotations

import json

import pytest

DEPLOYED = 61
URI = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"


@pytest.fixture
def deploy(lightsail):
    def deployed(service, image, **more):
        containers = {"app": {"image": image, "ports": {"80": "HTTP"}}}
        return lightsail.create_container_service_deployment(serviceName=service, containers=containers, **more)

    return deployed


@pytest.fixture
def outcome(sandbox, lightsail, deploy):
    """The state in which a deployment of this image ends."""

    def ended(service, image):
        deploy(service, image)
        sandbox.advance(DEPLOYED)
        return lightsail.get_container_service_deployments(serviceName=service)["deployments"][0]["state"]

    return ended


def test_a_deployment_activates_while_the_current_one_stays(deploy):
    service = deploy("payments-api", "nginx:1.27")["containerService"]
    assert (service["state"], service["nextDeployment"]["state"]) == ("DEPLOYING", "ACTIVATING")
    assert service["currentDeployment"]["version"] == 1


def test_what_a_deployment_is_doing_is_told_as_it_goes(sandbox, lightsail, deploy):
    deploy("payments-api", "nginx:1.27")
    seen = []
    for _ in range(3):
        service = lightsail.get_container_services(serviceName="payments-api")["containerServices"][0]
        seen.append(service["stateDetail"]["code"])
        sandbox.advance(20)
    assert seen == ["CREATING_DEPLOYMENT", "EVALUATING_HEALTH_CHECK", "ACTIVATING_DEPLOYMENT"]


def test_a_finished_deployment_replaces_the_one_before(sandbox, lightsail, outcome):
    assert outcome("payments-api", "nginx:1.27") == "ACTIVE"
    states = [
        d["state"] for d in lightsail.get_container_service_deployments(serviceName="payments-api")["deployments"]
    ]
    assert states == ["ACTIVE", "INACTIVE"]


def test_an_image_of_a_granted_repository_is_pulled(outcome):
    assert outcome("storefront-web", URI + "storefront/web:5.3.0") == "ACTIVE"


def test_an_image_may_be_named_by_digest(ecr, outcome):
    images = ecr.describe_images(repositoryName="storefront/web", imageIds=[{"imageTag": "5.3.0"}])["imageDetails"]
    assert outcome("storefront-web", f"{URI}storefront/web@{images[0]['imageDigest']}") == "ACTIVE"


@pytest.mark.parametrize(
    "service, image",
    [
        pytest.param("storefront-web", "payments/api:3.12.0", id="no policy"),
        pytest.param("storefront-web", "storefront/web:9.9.9", id="no such tag"),
        pytest.param("storefront-web", "no/such:1", id="no such repository"),
        pytest.param("reporting", "analytics/reports:1.9.0", id="the wrong ARN is granted"),
        pytest.param("payments-api", "storefront/web:5.3.0", id="the role is not active"),
    ],
)
def test_an_image_that_cannot_be_pulled_fails_the_deployment(outcome, service, image):
    assert outcome(service, URI + image) == "FAILED"


def test_a_deny_beats_the_grant(sandbox, outcome, puller, grant_text):
    policy = json.loads(grant_text(puller("storefront-web")["principalArn"]))
    policy["Statement"].append({"Effect": "Deny", "Principal": "*", "Action": "ecr:Batch*"})
    sandbox.put_policy("payments/api", policy)
    assert outcome("storefront-web", URI + "payments/api:3.12.0") == "FAILED"


def test_an_image_of_another_region_cannot_be_pulled(outcome):
    assert outcome("storefront-web", "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/tokyo/api:1.3.0") == "FAILED"


def test_a_failed_deployment_leaves_the_service_running_what_it_ran(lightsail):
    service = lightsail.get_container_services(serviceName="reporting")["containerServices"][0]
    states = [d["state"] for d in lightsail.get_container_service_deployments(serviceName="reporting")["deployments"]]
    assert (service["state"], service["currentDeployment"]["version"]) == ("RUNNING", 1)
    assert states == ["FAILED", "ACTIVE"]


def test_the_log_of_a_failed_deployment_says_only_canceled(lightsail):
    events = lightsail.get_container_log(serviceName="reporting", containerName="app")["logEvents"]
    assert [each["message"] for each in events][-2:] == [
        "[deployment:2] Creating your deployment",
        "[deployment:2] Canceled",
    ]


def test_deploying_while_deploying_is_refused_in_awss_words(deploy, refusal):
    assert refusal(deploy, service="edge-cache", image="nginx:1.27") == (
        "InvalidInputException",
        (
            'Sorry, deployment 2 is in progress for service "edge-cache". '
            "Please wait for it to complete before trying again."
        ),
    )


def test_a_disabled_service_takes_no_deployment(deploy, refusal):
    assert refusal(deploy, service="batch-worker", image="nginx:1.27")[0] == "InvalidInputException"


def test_an_updating_service_takes_no_deployment(switch, deploy, refusal):
    switch("payments-api", True)
    assert "transition state" in refusal(deploy, service="payments-api", image="nginx:1.27")[1]


@pytest.mark.parametrize("name", ["backend_api", "a" * 54])
def test_a_container_needs_a_proper_name(lightsail, refusal, name):
    containers = {name: {"image": "nginx:1.27"}}
    assert refusal(
        lightsail.create_container_service_deployment, serviceName="payments-api", containers=containers
    ) == (
        "InvalidInputException",
        f'Container name "{name}" does not match pattern: ^(?:[a-z0-9]{{1,2}}|[a-z0-9][a-z0-9-]+[a-z0-9])$',
    )


@pytest.mark.parametrize("image", [":payments-api.my-ui.LATEST", "https://nginx:1.27", "docker://nginx:1.27"])
def test_a_malformed_image_is_refused_with_an_example(deploy, refusal, image):
    message = refusal(deploy, service="payments-api", image=image)[1]
    assert message.startswith(f'Container "app" has invalid image "{image}". Example of valid image: ')


def test_a_stored_image_must_exist(deploy, refusal):
    message = refusal(deploy, service="payments-api", image=":payments-api.api.9")[1]
    assert message == "The image does not exist in your stored images"


def test_the_public_port_must_be_one_of_the_containers(deploy, refusal):
    endpoint = {"containerName": "app", "containerPort": 8080}
    message = refusal(deploy, service="payments-api", image="nginx:1.27", publicEndpoint=endpoint)[1]
    assert message.startswith("Invalid port specified.")


@pytest.mark.parametrize("count", [0, 11])
def test_a_deployment_has_one_to_ten_containers(lightsail, refusal, count):
    containers = {f"app-{number}": {"image": "nginx:1.27"} for number in range(count)}
    create = lightsail.create_container_service_deployment
    assert refusal(create, serviceName="payments-api", containers=containers)[0] == "InvalidInputException"
