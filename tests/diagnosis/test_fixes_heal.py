"""A fix leaves nothing to be fixed in the same place: what it gives is enough, and needs no second deployment to fail."""

from __future__ import annotations

import pytest

from app.diagnosis.fix_kinds import Fix
from tests.diagnosis.test_fixes import commands, kinds_by_cause, run
from tests.diagnosis.world import HOST, REPOSITORY, SERVICE, WEB

__all__ = ["run"]


def test_access_is_given_where_there_was_no_policy_by_a_script_that_stops_at_errors(world, run):
    world.build(granted=False)
    world.deploy()
    run(commands(world, Fix.GRANT))
    run(commands_of_redeployment(world))
    world.sandbox.advance(61)
    assert world.why().root is None


def commands_of_redeployment(world):
    assert world.why().root.code == "deployment.outdated"
    return commands(world, Fix.REDEPLOY)


def test_a_repository_that_is_created_gets_access_too(world, run):
    world.build()
    image = f"{HOST}/zebra:1"
    assert kinds_by_cause(world.why(image))["repository.not_found"] == [Fix.CREATE_REPOSITORY, Fix.GRANT, Fix.PUSH]
    granting = commands(world, Fix.GRANT, image)
    run(commands(world, Fix.CREATE_REPOSITORY, image))
    run(granting)
    world.push(["1"], "zebra")
    assert world.why(image).root is None


def test_a_role_that_is_activated_gets_access_once_to_a_repository_that_is_created(world):
    world.build(role=False)
    kinds = kinds_by_cause(world.why(f"{HOST}/zebra:1"))
    assert kinds["role.inactive"] == [Fix.ACTIVATE, Fix.REDEPLOY]
    assert Fix.GRANT in kinds["repository.not_found"]


@pytest.mark.parametrize(
    "power, megabytes, larger", [("nano", 600, "micro"), ("nano", 1900, "small"), ("micro", 9000, "xlarge")]
)
def test_the_power_is_raised_to_one_with_enough_memory(world, power, megabytes, larger):
    world.build(power=power, megabytes=megabytes)
    assert f"--power {larger}" in commands(world, Fix.RAISE_POWER, WEB)


def test_no_larger_power_is_named_than_there_is(world):
    world.build(power="xlarge")
    world.sandbox.add_behavior(ready_after=900)
    world.deploy()
    assert kinds_by_cause(world.why()) == {"container.took_too_long": [Fix.READ_LOG]}


def test_an_archived_image_is_waited_for_before_it_is_deployed(world):
    world.build()
    world.archive(imageTag="1.4")
    assert kinds_by_cause(world.why(WEB)) == {"image.archived": [Fix.RESTORE_IMAGE, Fix.WAIT_FOR_IMAGE, Fix.REDEPLOY]}


def test_of_a_policy_that_may_not_be_read_the_effect_is_named(world):
    world.build(granted=False)
    account = world.lightsail.get_container_services(serviceName=SERVICE)["containerServices"][0]["arn"].split(":")[4]
    only_root = {"NotPrincipal": {"AWS": [f"arn:aws:iam::{account}:user/admin"]}}
    world.policy(world.allow(), {"Sid": "Admin", "Effect": "Deny", **only_root, "Action": "ecr:*"})
    assert world.why(WEB).root.code == "policy.denied_unread", REPOSITORY
    assert """change statement '"Effect": "Deny"'""" in commands(world, Fix.EDIT_POLICY, WEB)
