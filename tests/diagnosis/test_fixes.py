"""The commands of fixes do what they say when a shell runs them, with the real `aws` client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.aws.ports import Container, Deployment
from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Certainty, Found
from app.diagnosis.facts import Known
from app.diagnosis.fix_kinds import Fix
from app.diagnosis.fixes import fixes_of
from tests.diagnosis.world import HOST, REGION, REPOSITORY, SERVICE, WEB, namesake
from tests.sandbox_server import AWS_ENVIRONMENT

DIGEST = f"sha256:{'0' * 64}"


@pytest.fixture
def run(world, tmp_path):
    """Run the commands of a fix, for somebody who has set another output format."""

    def ran(commands):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            ["sh", "-ec", commands],
            env={**AWS_ENVIRONMENT, "PATH": path, "AWS_DEFAULT_OUTPUT": "table", "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return ran


def commands(world, kind, image=""):
    """The commands of the root cause's fix of that kind."""
    diagnosis = world.why(image)
    endpoints = dict.fromkeys(("lightsail", "ecr"), world.sandbox.url)
    return next(fix for fix in fixes_of(diagnosis.root, diagnosis.facts, endpoints) if fix.kind is kind).aws


def newest(world):
    return world.lightsail.get_container_service_deployments(serviceName=SERVICE)["deployments"][0]


@pytest.mark.parametrize("endpoint", [None, {}], ids=["without a public endpoint", "with one"])
def test_what_failed_first_is_deployed_again_as_it_was(world, run, endpoint):
    """A service has no current deployment yet, and the client sends no null."""
    world.build(granted=False)
    world.deploy(endpoint=endpoint, environment={"A": "1"}, command=["serve"])
    failed = newest(world)
    run(commands(world, Fix.REDEPLOY))
    again = newest(world)
    assert (failed["version"], again["version"]) == (1, 2)
    kept = ("containers", "publicEndpoint")
    assert [again.get(name) for name in kept] == [failed.get(name) for name in kept]


def test_the_version_that_failed_is_deployed_again_and_not_the_one_that_runs(world, run):
    world.build()
    world.deploy(environment={"A": "1"})
    world.sandbox.put_policy(REPOSITORY, None)
    world.deploy(environment={"A": "2"})
    run(commands(world, Fix.REDEPLOY))
    assert (newest(world)["version"], newest(world)["containers"]["app"]["environment"]) == (3, {"A": "2"})


def test_an_image_is_deployed_where_nothing_is_yet(world, run):
    world.build(granted=False)
    run(commands(world, Fix.REDEPLOY, WEB))
    assert (newest(world)["containers"]["app"]["image"], newest(world)["publicEndpoint"]["containerPort"]) == (WEB, 80)


def test_an_image_is_pushed_to_a_tag(world):
    """Docker takes no digest as a tag, and what is pushed has another digest."""
    world.build()
    assert f"--tag {HOST}/{REPOSITORY}:rebuilt --push" in commands(world, Fix.PUSH, f"{HOST}/{REPOSITORY}@{DIGEST}")
    missing = WEB.replace("1.4", "1.5")
    assert f"--tag {missing} --push" in commands(world, Fix.PUSH, missing)


def test_what_another_account_holds_is_pushed_to_the_services_own(world):
    world.build()
    text = commands(world, Fix.PUSH, f"210987654321.dkr.ecr.{REGION}.amazonaws.com/staging/web:0.2.0")
    assert (f"--password-stdin {HOST}" in text, f"--tag {HOST}/staging/web:0.2.0 " in text) == (True, True)


def test_a_grant_leaves_another_accounts_service_of_the_same_name_its_access(world):
    world.build()
    other = namesake(world)
    world.policy(world.allow(other))
    diagnosis = world.why(WEB)
    (grant,) = (fix for fix in fixes_of(diagnosis.root, diagnosis.facts) if fix.kind is Fix.GRANT)
    assert all(other in text for text in (grant.aws, grant.terraform, grant.cloudformation))


@pytest.mark.parametrize("deployed, title", [(False, "Deploy this image"), (True, "Deploy again")])
def test_only_an_image_that_was_deployed_is_deployed_again(world, deployed, title):
    world.build()
    world.policy(world.allow(world.general_arn))
    world.deploy(WEB if deployed else WEB.replace("1.4", "1.3"))
    diagnosis = world.why(WEB)
    (fix,) = (fix for fix in fixes_of(diagnosis.root, diagnosis.facts) if fix.kind is Fix.REDEPLOY)
    assert fix.title == title
    assert ('# In deployment.json: set "image" to' in fix.aws) is not deployed


def test_nothing_is_written_in_place_of_a_policy_that_was_not_read(world):
    """The commands of a grant write the whole document: they would drop what others wrote."""
    world.build(role=False)
    world.policy(world.allow("arn:aws:iam::123456789012:role/ci", "ecr:*"))
    world.sandbox.fault(action="ecr:GetRepositoryPolicy", kind="access_denied", times=50)
    diagnosis = world.why(WEB)
    (grant,) = (fix for fix in fixes_of(diagnosis.root, diagnosis.facts) if fix.kind is Fix.GRANT)
    assert (diagnosis.root.code, grant.operation) == ("role.inactive", "grant")
    assert (grant.aws, grant.terraform, grant.cloudformation) == ("", "", "")


@pytest.mark.parametrize(
    "value, shown", [("0.1000", True), ("12345678901234567890.5", True), ("[" * 28 + "]" * 28, False)]
)
def test_a_policy_stands_in_a_template_as_it_is_written(world, value, shown):
    world.build()
    world.policy(world.allow(), world.deny(Action=["ecr:BatchGetImage"]))
    diagnosis = world.why(WEB)
    policy = diagnosis.facts.policy
    assert isinstance(policy, Known)
    condition = f'"Condition": {{"NumericLessThan": {{"aws:x": {value}}}}}'
    text = policy.value.replace('"Sid" : "Deny"', condition)
    assert value in text
    edit, _ = fixes_of(diagnosis.root, replace(diagnosis.facts, policy=replace(policy, value=text)))
    assert (value in edit.cloudformation, edit.cloudformation != "") == (shown, shown)


def test_no_template_has_an_empty_policy_for_one_that_was_not_read(world):
    world.build()
    world.policy(world.allow(), world.deny(Action=["ecr:BatchGetImage", "ecr:GetRepositoryPolicy"]))
    diagnosis = world.why(WEB)
    edit, _ = fixes_of(diagnosis.root, diagnosis.facts)
    assert (diagnosis.root.code, edit.cloudformation) == ("policy.denied_unread", "")


def test_what_is_waited_for_is_what_is_shown(world, run):
    world.build()
    world.archive(imageTag="1.4")
    image = {"repositoryName": REPOSITORY, "imageId": {"imageTag": "1.4"}}
    world.ecr.update_image_storage_class(**image, targetStorageClass="STANDARD")
    assert "ACTIVATING" in run(commands(world, Fix.WAIT_FOR_IMAGE, WEB))


def test_a_role_that_is_active_is_not_activated_for_its_arn_which_has_to_be_put_in(world):
    world.build(role=False)
    text = commands(world, Fix.GRANT, WEB)
    lines = text.split("\n")
    assert "update-container-service" not in text  # the service would be busy: the fix before this one does that
    assert lines[0].startswith("aws lightsail get-container-services ")
    assert (
        lines[lines.index("POLICY") + 1]
        == "# In sailpass-policy.json: replace PRINCIPAL-ARN with the ARN that the first command prints"
    )


def test_another_port_is_also_one_of_the_containers_own(world):
    """Lightsail refuses a public endpoint whose port isn't among the ports of its container."""
    world.build()
    world.sandbox.add_behavior(listens=[3000], lines=["Server listening on port 3000"])
    world.deploy(endpoint={})
    diagnosis = world.why()
    (fix,) = fixes_of(diagnosis.root, diagnosis.facts)
    template = json.loads(fix.cloudformation)["Properties"]["ContainerServiceDeployment"]
    assert '"ports" of app' in fix.aws
    assert 'ports          = { "3000" = "HTTP" }' in fix.terraform
    assert template["PublicEndpoint"]["ContainerPort"] == 3000
    assert template["Containers"][0]["Ports"] == [{"Port": "3000", "Protocol": "HTTP"}]


@pytest.mark.parametrize("public, named", [("app", ["app"]), ("", [])])
def test_a_slow_sidecar_does_not_become_the_public_endpoint(world, public, named):
    world.build()
    deployment = Deployment(1, "FAILED", None, (Container("app", WEB),), public_container=public)
    facts = replace(world.why(WEB).facts, container="proxy", deployment=deployment)
    slow = Found("container.took_too_long", CAUSES["container.took_too_long"].example)
    checks = [json.loads(fix.cloudformation) for fix in fixes_of(slow, facts) if fix.kind is Fix.SET_HEALTH_CHECK]
    endpoints = [check["Properties"]["ContainerServiceDeployment"]["PublicEndpoint"] for check in checks]
    assert [endpoint["ContainerName"] for endpoint in endpoints] == named


def test_a_grant_that_would_change_nothing_is_no_fix(world):
    """The role is allowed already, and only the Deny keeps it from pulling."""
    world.build()
    world.policy(world.allow(), world.deny(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))
    diagnosis = world.why(WEB)
    kinds = [fix.kind for fix in fixes_of(diagnosis.root, diagnosis.facts)]
    assert (diagnosis.root.code, kinds) == ("policy.conditional", [Fix.EDIT_POLICY, Fix.REDEPLOY])


def test_an_address_is_set_by_the_command_before_a_variable_that_the_program_may_not_read():
    assert CAUSES["health.localhost"].fixes[:2] == (Fix.SET_COMMAND, Fix.SET_VARIABLE)


@pytest.mark.parametrize(
    "typed, meant",
    [
        (f"{HOST}/{REPOSITORY}:", WEB),
        (f"{WEB}:latest", WEB),
        (f"{HOST}/{REPOSITORY}:[1.3]", f"{HOST}/{REPOSITORY}:1.3"),
        (f"https://{HOST}/{REPOSITORY}", WEB),
        (f"https://{HOST}/{REPOSITORY}:v1.3", f"{HOST}/{REPOSITORY}:1.3"),
        (f"{HOST}/{REPOSITORY}@sha256:{'AB' * 32}", f"{HOST}/{REPOSITORY}@sha256:{'ab' * 32}"),
        (f"{HOST}/{REPOSITORY}@sha256:3f2a9c", ""),
        (f"https://{HOST}/{REPOSITORY}@sha256:{'ab' * 32}", ""),
    ],
)
def test_no_image_is_suggested_that_is_known_not_to_exist(world, typed, meant):
    world.build()
    diagnosis = world.why(typed)
    assert diagnosis.root.params["suggested"] == meant
    assert [fix.kind for fix in fixes_of(diagnosis.root, diagnosis.facts)] == ([Fix.SET_IMAGE] if meant else [])


def test_the_manifest_of_no_other_image_is_read_than_of_the_one_that_is_named(world):
    world.build()
    world.push(["latest"])
    diagnosis = world.why(f"{HOST}/{REPOSITORY}:<tag>", platform=True)
    assert (diagnosis.root.code, diagnosis.read_manifest) == ("uri.tag", False)


def kinds_by_cause(diagnosis):
    fixes = {cause.code: fixes_of(cause, diagnosis.facts, causes=diagnosis.causes) for cause in diagnosis.causes}
    return {code: [fix.kind for fix in each] for code, each in fixes.items()}


def test_of_several_causes_the_last_one_deploys(world):
    world.build(granted=False)
    world.archive(imageTag="1.4")
    assert kinds_by_cause(world.why(WEB)) == {
        "policy.missing": [Fix.GRANT],
        "image.archived": [Fix.RESTORE_IMAGE, Fix.WAIT_FOR_IMAGE, Fix.REDEPLOY],
    }


@pytest.mark.parametrize("image", [f"{HOST}/{REPOSITORY}:9.9", WEB.replace(REGION, "eu-west-1")])
def test_an_image_that_another_cause_replaces_is_not_deployed(world, image):
    world.build(role=False)
    kinds = kinds_by_cause(world.why(image))
    assert kinds["role.inactive"] == [Fix.ACTIVATE, Fix.GRANT]
    assert any(Fix.SET_IMAGE in each for each in kinds.values())


def test_a_passing_cause_leaves_the_deployment_to_the_lasting_one(world):
    world.build(granted=False)
    world.deploy(wait=3)
    assert kinds_by_cause(world.why()) == {
        "policy.missing": [Fix.GRANT, Fix.REDEPLOY],
        "deployment.in_progress": [Fix.WAIT],
    }


def test_the_variable_of_a_refused_host_is_the_one_for_allowed_hosts(world):
    world.build()
    refusal = "[ActionDispatch::HostAuthorization::DefaultResponseApp] Blocked hosts: 172.26.4.5:80"
    world.sandbox.add_behavior(lines=[refusal], listens=[])
    world.deploy(endpoint={"successCodes": "200-399"})
    assert world.why().root.certainty is Certainty.LIKELY  # another status than the framework's may be configured
    assert "# In deployment.json: add ALLOWED_HOSTS to" in commands(world, Fix.SET_VARIABLE)
