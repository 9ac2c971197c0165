"""Deployments that pull and run: what each cause of a failure looks like, and when; real boto3."""

from __future__ import annotations

import pytest

HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/"
WEB = HOST + "storefront/web:5.3.0"
ENDPOINT = {"containerName": "app", "containerPort": 80}


@pytest.fixture
def deploy(lightsail):
    def deployed(image=WEB, service="storefront-web", endpoint=None, **container):
        containers = {"app": {"image": image, "ports": {"80": "HTTP", "9000": "TCP"}, **container}}
        more = {"publicEndpoint": {**ENDPOINT, **endpoint}} if endpoint is not None else {}
        return lightsail.create_container_service_deployment(serviceName=service, containers=containers, **more)

    return deployed


@pytest.fixture
def messages(lightsail):
    """The lines of the newest deployment in the log of its container."""

    def read(service="storefront-web", **more):
        events = lightsail.get_container_log(serviceName=service, containerName="app", **more)["logEvents"]
        lines = [event["message"] for event in events]
        first = max((n for n, line in enumerate(lines) if line.endswith("Creating your deployment")), default=0)
        return lines[first:]

    return read


@pytest.fixture
def ended(sandbox):
    """The state, cause and seconds of the newest deployment of a service once it has ended."""

    def after(service="storefront-web", seconds=61):
        sandbox.advance(seconds)
        newest = sandbox.deployments(service)[0]
        return newest["state"], newest["cause"]

    return after


def test_a_deployment_that_runs_says_so_in_its_log(deploy, ended, messages):
    deploy(endpoint={})
    assert ended() == ("ACTIVE", "")
    assert messages() == ["[deployment:4] Creating your deployment", "[deployment:4] Reached a steady state"]


@pytest.mark.parametrize(
    "image, case",
    [
        pytest.param("payments/api:3.12.0", ("storefront-web", "policy"), id="not granted"),
        pytest.param("analytics/reports:1.9.0", ("reporting", "policy"), id="the wrong ARN"),
        pytest.param("storefront/web:9.9.9", ("storefront-web", "image"), id="no such tag"),
        pytest.param("storefront/web@sha256:" + "0" * 64, ("storefront-web", "image"), id="no such digest"),
        pytest.param("no/such:1", ("storefront-web", "repository"), id="no such repository"),
        pytest.param("storefront/web:5.3.0", ("payments-api", "role"), id="no role"),
    ],
)
def test_a_pull_that_fails_is_canceled_without_a_word(deploy, ended, messages, image, case):
    service, cause = case
    deploy(HOST + image, service)
    assert ended(service) == ("FAILED", f"app: {cause}")
    version = messages(service)[0].partition("]")[0]
    assert messages(service) == [f"{version}] Creating your deployment", f"{version}] Canceled"]


@pytest.mark.parametrize(
    "host, cause",
    [
        ("123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/", "region"),
        ("123456789012.dkr-ecr.us-east-1.on.aws/", "host"),
        ("123456789012.ecr.us-east-1.amazonaws.com/", "host"),
        ("1234567890.dkr.ecr.us-east-1.amazonaws.com/", "host"),
        ("localhost:5000/", "host"),
    ],
)
def test_another_host_is_no_place_to_pull_from(deploy, ended, host, cause):
    deploy(host + "storefront/web:5.3.0")
    assert ended() == ("FAILED", f"app: {cause}")


def test_an_archived_image_is_not_pulled(ecr, deploy, ended):
    request = {"imageId": {"imageTag": "5.3.0"}, "targetStorageClass": "ARCHIVE"}
    ecr.update_image_storage_class(repositoryName="storefront/web", **request)
    deploy()
    assert ended() == ("FAILED", "app: image")


def test_a_registrys_deny_stops_a_pull(sandbox, deploy, ended):
    deny = {"Effect": "Deny", "Principal": "*", "Action": "ecr:GetDownloadUrlForLayer", "Resource": "*"}
    sandbox.change_registry(policy={"Version": "2012-10-17", "Statement": [deny]})
    deploy()
    assert ended() == ("FAILED", "app: policy")


def test_a_conditional_deny_stops_a_pull(sandbox, deploy, ended):
    document = sandbox.policy("storefront/web")["policy"]
    deny = {"Effect": "Deny", "Principal": "*", "Action": "*"}
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    sandbox.put_policy(
        "storefront/web", {**document, "Statement": [*document["Statement"], {**deny, "Condition": condition}]}
    )
    deploy()
    assert ended() == ("FAILED", "app: policy")


@pytest.mark.parametrize(
    "platforms, end",
    [
        (["linux/amd64", "unknown/unknown"], ("ACTIVE", "")),
        (["linux/arm64", "linux/amd64"], ("ACTIVE", "")),
        (["linux/arm/v7", "linux/amd64/v2"], ("ACTIVE", "")),
        (["linux/arm64", "windows/amd64"], ("FAILED", "app: platform")),
        (["linux/arm/v6", "linux/arm/v7"], ("FAILED", "app: platform")),
        (["unknown/unknown"], ("FAILED", "app: platform")),
    ],
)
def test_an_index_must_hold_an_image_for_linux_amd64(sandbox, deploy, ended, platforms, end):
    sandbox.add_image("storefront/web", tags=["new"], platforms=platforms)
    deploy(HOST + "storefront/web:new")
    assert ended() == end


def test_an_index_whose_image_is_gone_is_not_pulled(sandbox, ecr, deploy, ended):
    sandbox.add_image("storefront/web", tags=["new"], platforms=["linux/amd64", "linux/arm64"])
    images = ecr.describe_images(repositoryName="storefront/web", filter={"tagStatus": "UNTAGGED"})["imageDetails"]
    for image in images:
        request = {"imageId": {"imageDigest": image["imageDigest"]}, "targetStorageClass": "ARCHIVE"}
        ecr.update_image_storage_class(repositoryName="storefront/web", **request)
    deploy(HOST + "storefront/web:new")
    assert ended() == ("FAILED", "app: image")


@pytest.mark.parametrize("platform", ["linux/arm64", "linux/arm/v7"])
def test_a_lone_image_for_arm_is_pulled_and_cannot_run(sandbox, deploy, ended, messages, platform):
    sandbox.add_image("storefront/web", tags=["arm"], platforms=[platform])
    deploy(HOST + "storefront/web:arm")
    assert ended() == ("FAILED", "app: platform")
    assert messages()[1:] == ["exec /docker-entrypoint.sh: exec format error", "[deployment:4] Took too long"]


def test_an_artifact_is_no_image(sandbox, deploy, ended):
    made = sandbox.add_image("storefront/web", about="5.3.0", artifactType="application/spdx+json")
    deploy(f"{HOST}storefront/web@{made['imageDigest']}")
    assert ended() == ("FAILED", "app: artifact")


def test_a_deployment_counts_as_a_pull(ecr, deploy):
    request = {"repositoryName": "storefront/web", "imageIds": [{"imageTag": "5.1.0"}]}
    assert "lastRecordedPullTime" not in ecr.describe_images(**request)["imageDetails"][0]
    deploy(HOST + "storefront/web:5.1.0")
    assert "lastRecordedPullTime" in ecr.describe_images(**request)["imageDetails"][0]


def test_a_container_that_ends_says_its_last_words_and_takes_too_long(sandbox, deploy, ended, messages):
    sandbox.add_behavior(image="*storefront/web:5.3*", exit_code=3, lines=["booting", "no DATABASE_URL, exit 3"])
    deploy()
    assert ended(seconds=19) == ("ACTIVATING", "app: exited")
    assert ended(seconds=2) == ("FAILED", "app: exited")
    assert messages() == [
        "[deployment:4] Creating your deployment",
        *["booting", "no DATABASE_URL, exit 3"] * 3,
        "[deployment:4] Took too long",
    ]


def test_a_container_that_ends_without_words_of_its_own_tells_its_code(sandbox, deploy, messages):
    sandbox.add_behavior(exit_code=137)
    deploy()
    assert "fatal: the process exited with code 137" in messages()


def test_a_command_that_the_image_lacks_is_not_found(sandbox, deploy, ended, messages):
    sandbox.add_behavior(commands=["node"])
    deploy(command=["nodejs", "server.js"])
    assert 'exec: "nodejs": executable file not found in $PATH' in messages()
    assert ended() == ("FAILED", "app: command_not_found")
    deploy(command=["node", "server.js"])
    assert ended() == ("ACTIVE", "")


@pytest.mark.parametrize(
    "behavior, check, cause",
    [
        ({"listens": [8080]}, {}, "health_check_port"),
        ({"listens": [80]}, {}, ""),
        ({"paths": {"/up": 200}}, {"path": "/up"}, ""),
        ({"paths": {"/up": 200}}, {"path": "/healthz", "successCodes": "200-399"}, "health_check_path"),
        ({"paths": {"/up": 200}}, {"path": "/healthz"}, ""),  # 404 is among the default's 200-499
        ({"paths": {"/": 500}}, {}, "health_check_path"),
        ({"paths": {"/": 302}}, {"successCodes": "200, 300-310"}, ""),
        ({"ready_after": 30}, {}, "slow"),
        ({"ready_after": 15}, {}, ""),
    ],
)
def test_a_health_check_decides(sandbox, deploy, behavior, check, cause):
    sandbox.add_behavior(container="app", service="storefront-*", **behavior)
    deploy(endpoint={"healthCheck": check} if check else {})
    sandbox.advance(61)
    newest = sandbox.deployments("storefront-web")[0]
    assert (newest["state"], newest["cause"]) == (("FAILED", f"app: {cause}") if cause else ("ACTIVE", ""))


def test_without_a_public_endpoint_there_is_no_health_check(sandbox, deploy, ended):
    sandbox.add_behavior(listens=[])
    deploy()
    assert ended() == ("ACTIVE", "")


def test_a_failed_health_check_shows_in_what_the_container_writes(sandbox, deploy, messages):
    sandbox.add_behavior(paths={}, lines=["listening on 80"])
    deploy(endpoint={"healthCheck": {"path": "/up", "successCodes": "200"}})
    assert messages()[1:] == ["listening on 80", *['"GET /up HTTP/1.1" 404 "ELB-HealthChecker/2.0"'] * 2]


def test_the_latest_behavior_decides_and_they_can_be_taken_away(sandbox, deploy, ended):
    sandbox.add_behavior(exit_code=1)
    sandbox.add_behavior(container="other", exit_code=2)
    assert len(sandbox.control("GET", "behaviors")["behaviors"]) == 2
    sandbox.add_behavior(container="app")
    deploy()
    assert ended() == ("ACTIVE", "")
    assert sandbox.control("DELETE", "behaviors") == {"behaviors": []}


@pytest.mark.parametrize(
    "behavior",
    [{"speed": 1}, {"exit_code": "1"}, {"exit_code": True}, {"lines": [1]}, {"paths": {"/": "200"}}, {"image": None}],
)
def test_a_behavior_that_cannot_be_is_refused(sandbox, behavior):
    assert sandbox.try_control("POST", "behaviors", behavior)[0] == 400


def test_images_are_pulled_when_it_is_time_and_by_the_policy_of_then(sandbox, deploy, ended, puller, ecr):
    sandbox.options(pull_seconds=10)
    deploy(HOST + "payments/api:3.12.0")
    sandbox.advance(9)
    grant = {"Effect": "Allow", "Principal": {"AWS": puller("storefront-web")["principalArn"]}, "Action": "ecr:*"}
    sandbox.put_policy("payments/api", {"Version": "2012-10-17", "Statement": [grant]})
    sandbox.advance(1)
    sandbox.put_policy("payments/api", None)
    assert ended() == ("ACTIVE", "")


def test_a_policy_that_comes_after_the_pull_comes_too_late(sandbox, deploy, ended):
    sandbox.options(pull_seconds=10)
    deploy(HOST + "payments/api:3.12.0")
    sandbox.advance(11)
    sandbox.put_policy("payments/api", {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "ecr:*"}})
    assert ended() == ("FAILED", "app: policy")


def test_fifty_versions_are_kept(sandbox, lightsail, deploy):
    sandbox.options(deployment_seconds=0)
    for _ in range(50):
        deploy("nginx:1.27", "payments-api")
    deployments = lightsail.get_container_service_deployments(serviceName="payments-api")["deployments"]
    assert [each["version"] for each in deployments] == list(range(51, 1, -1))


def test_the_newest_stored_image_can_be_meant(deploy, ended):
    deploy(":payments-api.api.latest", "payments-api")
    assert ended("payments-api") == ("ACTIVE", "")


def test_the_last_stored_image_of_no_label_is_none(deploy, refusal):
    assert refusal(deploy, image=":payments-api.web.latest", service="payments-api")[1].startswith(
        "The image does not exist"
    )


@pytest.mark.parametrize("port", ["0", "65536", "http", ""])
def test_a_port_is_a_number(lightsail, refusal, port):
    containers = {"app": {"image": "nginx", "ports": {port: "HTTP"}}}
    create = lightsail.create_container_service_deployment
    assert "invalid port" in refusal(create, serviceName="payments-api", containers=containers)[1]


@pytest.mark.parametrize(
    "endpoint, part",
    [
        ({"containerPort": 9000}, "HTTP or HTTPS"),
        ({"containerName": "web"}, "Invalid port specified"),
        ({"healthCheck": {"timeoutSeconds": 1}}, "timeoutSeconds"),
        ({"healthCheck": {"intervalSeconds": 301}}, "intervalSeconds"),
        ({"healthCheck": {"healthyThreshold": 0}}, "healthyThreshold"),
        ({"healthCheck": {"path": "up"}}, "path"),
        ({"healthCheck": {"successCodes": "200-599"}}, "successCodes"),
        ({"healthCheck": {"successCodes": "all"}}, "successCodes"),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused(deploy, refusal, endpoint, part):
    code, message = refusal(deploy, endpoint=endpoint)
    assert (code, part in message) == ("InvalidInputException", True)


@pytest.fixture
def wordy(sandbox, deploy):
    """A container that has written 250 lines, of which one in fifty is an error."""
    lines = [f"{'ERROR Exception' if n % 50 == 0 else 'INFO'} line {n}" for n in range(250)]
    sandbox.add_behavior(lines=lines)
    deploy(service="payments-api", image="nginx:1.27")


def test_a_log_comes_in_pages(lightsail, wordy, refusal):
    request = {"serviceName": "payments-api", "containerName": "app"}
    token, sizes = "", []
    while token is not None:
        page = lightsail.get_container_log(**request, **({"pageToken": token} if token else {}))
        sizes.append(len(page["logEvents"]))
        token = page.get("nextPageToken")
    assert sizes == [100, 100, 51]
    assert refusal(lightsail.get_container_log, **request, pageToken="x")[0] == "InvalidInputException"


@pytest.mark.parametrize(
    "pattern, count",
    [
        ("ERROR", 5),
        ("ERROR Exception", 5),
        ("ERROR INFO", 0),
        ("?ERROR ?Creating", 6),
        ("-INFO", 6),
        ('"line 249"', 1),
        ('"-INFO"', 0),
        ('-"INFO line"', 6),
    ],
)
def test_a_log_is_filtered(lightsail, wordy, pattern, count):
    page = lightsail.get_container_log(serviceName="payments-api", containerName="app", filterPattern=pattern)
    assert len(page["logEvents"]) == count


def test_a_log_is_of_the_time_that_is_asked_for_and_kept_three_days(sandbox, lightsail, wordy):
    request = {"serviceName": "payments-api", "containerName": "app"}
    now = sandbox.control("GET", "clock")["now"]
    assert lightsail.get_container_log(**request, startTime=now + 10)["logEvents"] == []
    assert lightsail.get_container_log(**request, endTime=now - 10)["logEvents"] == []
    sandbox.advance(3 * 86_400 + 1)
    assert [e["message"] for e in lightsail.get_container_log(**request)["logEvents"]] == [
        "[deployment:2] Reached a steady state"
    ]


def test_a_stack_without_the_property_takes_the_role_away(sandbox, lightsail, puller):
    sandbox.update_stack("storefront-web", {"Power": "small"})
    service = lightsail.get_container_services(serviceName="storefront-web")["containerServices"][0]
    assert (service["state"], service["power"]) == ("UPDATING", "small")
    assert puller("storefront-web") == {"isActive": False, "principalArn": ""}
    tags = {tag["key"]: tag["value"] for tag in service["tags"]}
    assert tags["aws:cloudformation:stack-name"] == "web"


def test_a_stack_with_the_property_leaves_the_role(sandbox, puller):
    before = puller("storefront-web")
    sandbox.update_stack("storefront-web", {"PrivateRegistryAccess": {"EcrImagePullerRole": {"IsActive": True}}})
    assert puller("storefront-web") == before


@pytest.mark.parametrize("body", [{}, {"stack": ""}, {"stack": "web", "properties": []}])
def test_a_stack_has_a_name_and_properties(sandbox, body):
    assert sandbox.try_control("POST", "services/us-east-1/reporting/stack-update", body)[0] == 400


def test_a_stack_cannot_update_a_busy_service(sandbox):
    path, body = "services/us-east-1/edge-cache/stack-update", {"stack": "edge"}
    status, answer = sandbox.try_control("POST", path, body)
    assert (status, "transition state" in answer["error"]) == (400, True)


def test_a_service_can_be_tagged(sandbox):
    sandbox.change_service("reporting", tags={"managed-by": "terraform"})
    assert sandbox.service("reporting")["tags"] == [{"key": "managed-by", "value": "terraform"}]
    assert sandbox.try_control("PATCH", "services/us-east-1/reporting", {"tags": ["x"]})[0] == 400
