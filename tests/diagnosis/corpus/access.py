"""Refused pulls: access that is missing, denied or was added after the deployment that failed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from tests.diagnosis.corpus.case import case
from tests.diagnosis.world import HOST, PULL, REGION, REPOSITORY, SERVICE, WEB, World
from tests.sandbox_server import ACCOUNT

ORGANIZATION = {"aws:PrincipalOrgID": "o-exampleorgid"}


def tagged(tag: str) -> str:
    return WEB.replace("1.4", tag)


def policy(name: str, code: str, *also: str, deploys: bool = True) -> Callable[[Any], Any]:
    """A case whose repository policy is what the function returns, with a deployment after it."""

    def kept(statements: Callable[[World], Any]) -> Any:
        def build(world: World) -> None:
            world.build()
            written = statements(world)
            world.policy(*(written if isinstance(written, tuple) else (written,)))
            if deploys:
                world.deploy()

        case(name, code, *also, **({} if deploys else {"image": WEB}))(build)
        return statements

    return kept


def day(world: World, days: int) -> str:
    return (world.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


# Fixed outside Sailpass after a deployment that was refused: what is left is to deploy again.


@case("access added outside Sailpass after the deployment", "deployment.outdated", "organization.denied")
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy()
    world.grant()


@case(
    "access added outside Sailpass, and asked about the image", "deployment.outdated", "organization.denied", image=WEB
)
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy()
    world.grant()


@case("the wrong ARN corrected outside Sailpass after the deployment", "deployment.outdated", "organization.denied")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(world.general_arn))
    world.deploy()
    world.sandbox.advance(1_800)
    world.grant()


@case(
    "the role activated and granted outside Sailpass after the deployment", "deployment.outdated", "organization.denied"
)
def _(world: World) -> None:
    world.build(role=False)
    world.deploy()
    world.switch_role(on=True)
    world.grant()


@case("a Deny removed from the registry policy after the deployment", "deployment.outdated", "organization.denied")
def _(world: World) -> None:
    world.build()
    world.registry(world.deny(Resource="*", Action=PULL))
    world.deploy()
    world.sandbox.change_registry(policy=None)


@case("access was there, was taken away and given back", "deployment.outdated", "organization.denied")
def _(world: World) -> None:
    world.build()
    world.deploy(tagged("1.3"))
    world.policy(world.allow({"Service": "codebuild.amazonaws.com"}))
    world.deploy()
    world.grant()


@case("access added after the deployment, and another image ran since", "deployment.outdated", image=WEB)
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy()
    world.grant()
    world.deploy(tagged("1.3"))


@case("access added after the first deployment, and the second one crashes", "container.exited")
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy()
    world.grant()
    world.sandbox.add_behavior(exit_code=1, lines=["Error: Cannot find module 'express'"])
    world.deploy()


@case("access added after the deployment, and the image is gone since", "image.tag_not_found")
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy()
    world.grant()
    world.delete_tag("1.4")


# The role.


@case("role off, and the statement is still there", "role.inactive")
def _(world: World) -> None:
    world.build()
    world.deploy(tagged("1.3"))
    world.switch_role(on=False)
    world.deploy()


@case("role without an ARN yet, and deployed", "role.no_arn")
def _(world: World) -> None:
    world.build(role=False)
    world.sandbox.options(arn_lag_seconds=600)
    world.switch_role(on=True)
    world.deploy()


@case("role off under a deployment that still runs", "role.inactive", image=WEB)
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.switch_role(on=False)


@case("no role, and the tag isn't there either", "role.inactive", "image.tag_not_found")
def _(world: World) -> None:
    world.build(role=False)
    world.deploy(tagged("2.0"))


@case("a service created again under its name", "policy.deleted_role")
def _(world: World) -> None:
    world.build()
    world.lightsail.delete_container_service(serviceName=SERVICE)
    world.sandbox.advance(60)
    world.lightsail.create_container_service(serviceName=SERVICE, power="micro", scale=1)
    world.sandbox.advance(10)
    world.switch_role(on=True)
    world.deploy()


# The repository policy.


@policy("a script that read the ARN too early", "policy.not_named")
def _(world: World) -> Any:
    return world.allow("None")


@policy("ECS's service principal", "policy.not_named")
def _(world: World) -> Any:
    return world.allow({"Service": "ecs-tasks.amazonaws.com"})


@policy("the general ARN beside Lightsail's service principal", "policy.general_role")
def _(world: World) -> Any:
    service = world.allow({"Service": "lightsail.amazonaws.com"}, sid="Lightsail")
    return world.allow(world.general_arn), service


@policy("the actions of a sign-in to ECR", "policy.actions_missing")
def _(world: World) -> Any:
    return world.allow(actions=["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability"])


@policy("actions that are misspelt", "policy.actions_missing")
def _(world: World) -> Any:
    return world.allow(actions=["ecr:BatchGetImages", "ecr:GetDownloadUrlForLayers"])


@policy("ecr:Get* and ecr:Describe*", "policy.actions_missing")
def _(world: World) -> Any:
    return world.allow(actions=["ecr:Get*", "ecr:Describe*"])


@policy("one action to each role", "policy.actions_missing")
def _(world: World) -> Any:
    layers = world.allow(world.general_arn, ["ecr:GetDownloadUrlForLayer"], sid="Layers")
    return world.allow(actions=["ecr:BatchGetImage"]), layers


@policy("the role of the service's former name", "policy.other_service", deploys=False)
def _(world: World) -> Any:
    return world.allow(world.arn.replace("/containers/shop/", "/containers/shop-v1/"))


@policy("the account by its number", "policy.not_named")
def _(world: World) -> Any:
    return world.allow(ACCOUNT)


@policy("no statement left", "policy.not_named")
def _(world: World) -> Any:
    return ()


@policy("the Deny of a data perimeter", "policy.denied_by_condition")
def _(world: World) -> Any:
    condition = {"StringNotEqualsIfExists": ORGANIZATION, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    return world.allow(), world.deny(Condition=condition)


@policy("a Deny for all but the account's roles", "policy.denied_by_condition")
def _(world: World) -> Any:
    condition = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}
    return world.allow(), world.deny(Action=PULL, Condition=condition)


@policy("a Deny since a date", "policy.denied_by_condition")
def _(world: World) -> Any:
    return world.allow(), world.deny(
        Action=PULL, Condition={"DateGreaterThan": {"aws:CurrentTime": "2024-01-01T00:00:00Z"}}
    )


@policy("a Deny outside the office", "policy.conditional", deploys=False)
def _(world: World) -> Any:
    return world.allow(), world.deny(Action=PULL, Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})


@policy("a Deny of the layers for everyone", "policy.denied")
def _(world: World) -> Any:
    return world.allow(), world.deny(Principal={"AWS": "*"}, Action="ecr:GetDownloadUrlForLayer")


@policy("a Deny that names the role alone as an exception", "policy.conditional")
def _(world: World) -> Any:
    deny = world.deny(Action=PULL, NotPrincipal={"AWS": [world.arn]})
    del deny["Principal"]
    return world.allow(), deny


@policy("access that ended yesterday", "policy.ended")
def _(world: World) -> Any:
    return world.allow(Condition={"DateLessThan": {"aws:CurrentTime": day(world, -1)}})


@policy("everyone of the own account", "policy.condition_not_met")
def _(world: World) -> Any:
    return world.allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}})


@policy("everyone, under the path of another service's roles", "policy.condition_not_met")
def _(world: World) -> Any:
    path = "arn:aws:iam::*:role/amazon/lightsail/*/containers/shop-api/*"
    return world.allow("*", Condition={"ArnLike": {"aws:PrincipalArn": path}})


@policy("from a VPC endpoint only", "policy.condition_not_met")
def _(world: World) -> Any:
    return world.allow(Condition={"StringEquals": {"aws:SourceVpce": "vpce-0a1b2c3d"}})


@policy("the condition names the service's general role", "policy.condition_not_met")
def _(world: World) -> Any:
    return world.allow("*", Condition={"ArnEquals": {"aws:PrincipalArn": world.general_arn}})


@policy("a Deny of pushes, and the container ends", "container.exited")
def _(world: World) -> Any:
    world.sandbox.add_behavior(exit_code=1, lines=["Error: boom"])
    return world.allow(), world.deny(Action=["ecr:PutImage", "ecr:InitiateLayerUpload"])


@case("a document pasted into the statements", "policy.malformed")
def _(world: World) -> None:
    world.build()
    inner = {"Version": "2008-10-17", "Statement": [world.allow()]}
    world.policy(world.allow({"Service": "codebuild.amazonaws.com"}), inner)
    world.deploy()


@case("no access, and version 1 still runs", "policy.missing")
def _(world: World) -> None:
    world.build()
    world.deploy(tagged("1.3"))
    world.sandbox.put_policy(REPOSITORY, None)
    world.deploy()


@case("no access now, and the version before crashed", "policy.missing")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["Error: Cannot find module 'express'"])
    world.deploy(tagged("1.3"))
    world.sandbox.put_policy(REPOSITORY, None)
    world.deploy()


@case("no access, and an index without linux/amd64", "policy.missing")
def _(world: World) -> None:
    world.build(granted=False)
    world.push(["arm"], platforms=["linux/arm64"])
    world.deploy(tagged("arm"))


@case("neither role nor policy", "role.inactive")
def _(world: World) -> None:
    world.build(role=False)
    world.sandbox.put_policy(REPOSITORY, None)
    world.deploy()


@case("another repository than the one that is granted", "policy.missing")
def _(world: World) -> None:
    world.build()
    world.ecr.create_repository(repositoryName="shop/worker")
    world.push(["1.4"], "shop/worker")
    world.deploy(f"{HOST}/shop/worker:1.4")


# The registry policy.


@case("the registry policy denies a prefix", "registry.denied")
def _(world: World) -> None:
    world.build()
    world.registry(world.deny(Action=PULL, Resource=f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop/*"))
    world.deploy()


@case("the registry policy denies another prefix, and no policy here", "policy.missing")
def _(world: World) -> None:
    world.build(granted=False)
    world.registry(world.deny(Action=PULL, Resource=f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/team/*"))
    world.deploy()


@case("the registry policy denies outside the organization", "registry.denied")
def _(world: World) -> None:
    world.build()
    condition = {"StringNotEquals": ORGANIZATION}
    world.registry(world.deny(Action=PULL, Resource="*", Condition=condition))
    world.deploy()


@case("the registry policy of scope V1 denies, and the container ends", "container.exited")
def _(world: World) -> None:
    world.build()
    world.registry(world.deny(Action=PULL, Resource="*"), REGISTRY_POLICY_SCOPE="V1")
    world.sandbox.add_behavior(exit_code=1, lines=["panic: open config.yaml: no such file or directory"])
    world.deploy()


@case("a Deny over TLS that doesn't apply, and the container ends", "container.exited")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(), world.deny(Condition={"Bool": {"aws:SecureTransport": "false"}}))
    world.sandbox.add_behavior(exit_code=1, lines=["panic: open config.yaml: no such file or directory"])
    world.deploy()


@case("a Deny until a date that has passed, and the container ends", "container.exited")
def _(world: World) -> None:
    world.build()
    condition = {"DateLessThan": {"aws:CurrentTime": "2024-01-01T00:00:00Z"}}
    world.policy(world.allow(), world.deny(Condition=condition))
    world.sandbox.add_behavior(exit_code=1, lines=["panic: open config.yaml: no such file or directory"])
    world.deploy()
