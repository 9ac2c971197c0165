"""Injected causes: see `app/diagnosis/causes/policies.py`."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.diagnosis.corpus.case import OTHER_ACCOUNT, TOKYO, case
from tests.diagnosis.world import PULL, REGION, REPOSITORY, WEB, World, namesake
from tests.sandbox_server import ACCOUNT

# The repository policy.


@case("no repository policy", "policy.missing")
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy()


@case("no repository policy, asked before deploying", "policy.missing", image=WEB)
def _(world: World) -> None:
    world.build(granted=False)


@case("the service's general ARN", "policy.general_role")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(world.general_arn))
    world.deploy()


@case("the ARN of a role that was replaced", "policy.deleted_role")
def _(world: World) -> None:
    world.build()
    world.switch_role(on=False)
    world.switch_role(on=True)
    world.deploy()


@case("an old ARN that still reads as one", "policy.old_role", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(f"{world.arn.rpartition('/')[0]}/{'a' * 52}"))


@case("another service's role", "policy.other_service")
def _(world: World) -> None:
    world.build()
    access = world.sandbox.service("storefront-web")["privateRegistryAccess"]["ecrImagePullerRole"]
    world.policy(world.allow(access["principalArn"]))
    world.deploy()


@case("the same service in another Region", "policy.other_service", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(world.arn.replace(f"/{REGION}/", f"/{TOKYO}/")))


@case("another account's service of the same name", "policy.other_service", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(namesake(world)))


@case("lightsail.amazonaws.com", "policy.service_principal")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow({"Service": "lightsail.amazonaws.com"}))
    world.deploy()


@case("a service principal that doesn't exist", "policy.service_principal", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow({"Service": "containerservices.lightsail.amazonaws.com"}))


@case("the own account's root only", "policy.not_named")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(f"arn:aws:iam::{ACCOUNT}:root", "ecr:*"))
    world.deploy()


@case("somebody else only", "policy.not_named", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow({"Service": "codebuild.amazonaws.com"}))


@case("a deleted user's ID only", "policy.not_named", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow("AIDAEXAMPLEEXAMPLE12"))


@case("GetDownloadUrlForLayer missing", "policy.actions_missing")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(actions="ecr:BatchGetImage"))
    world.deploy()


@case("BatchGetImage missing", "policy.actions_missing", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(actions=["ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"]))


@case("NotAction leaves the pull out", "policy.actions_missing", image=WEB)
def _(world: World) -> None:
    world.build()
    statement = world.allow()
    del statement["Action"]
    world.policy({**statement, "NotAction": "ecr:BatchGetImage"})


@case("half of the pull allowed until a date", "policy.ended", image=WEB)
def _(world: World) -> None:
    world.build()
    until = {"DateLessThan": {"aws:CurrentTime": "2024-06-30T00:00:00Z"}}
    world.policy(
        world.allow(actions=PULL[:1]), world.allow(actions=PULL[1:], sid="AllowPullUntilJune", Condition=until)
    )


@case("Allow with NotPrincipal", "policy.allow_not_principal")
def _(world: World) -> None:
    world.build()
    statement = world.allow()
    del statement["Principal"]
    world.policy({**statement, "NotPrincipal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}})
    world.deploy()


@case("a Deny of pulls for everyone", "policy.denied")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(), world.deny(Action=PULL))
    world.deploy()


@case("a Deny of everything for everyone, us too", "policy.denied_unread")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(), world.deny())
    world.deploy()


@case("a Deny for all but the account", "policy.denied")
def _(world: World) -> None:
    world.build()
    spared = {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:user/mika"]}
    deny = {"Sid": "OnlyUs", "Effect": "Deny", "NotPrincipal": spared, "Action": "ecr:*"}
    world.policy(world.allow(), deny)
    world.deploy()


@case("a Deny for this role", "policy.denied", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(), world.deny(Principal={"AWS": world.arn}))


@case("a Deny outside the organization", "policy.denied_by_condition")
def _(world: World) -> None:
    world.build()
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    world.policy(world.allow(), world.deny(Condition=condition))
    world.deploy()


@case("a Deny for other accounts", "policy.denied_by_condition", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(), world.deny(Condition={"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}))


@case("aws:SourceAccount on the Allow", "policy.condition_not_met")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}))
    world.deploy()


@case("aws:PrincipalOrgID on the Allow", "policy.condition_not_met", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}}))


@case("a date that has passed", "policy.ended")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(Condition={"DateLessThan": {"aws:CurrentTime": "2024-06-30T00:00:00Z"}}))
    world.deploy()


@case("a date to come", "policy.not_started", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(Condition={"DateGreaterThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}))


@case("aws:SourceIp on the Allow", "policy.conditional")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}))
    world.deploy()


@case("two documents pasted behind each other", "policy.malformed", image=WEB)
def _(world: World) -> None:
    world.build()
    document = {"Version": "2008-10-17", "Statement": [world.allow()]}
    world.sandbox.put_policy(REPOSITORY, f"{document}, {document}".replace("'", '"'))


# The registry policy and the organization.


@case("the registry policy denies pulls", "registry.denied")
def _(world: World) -> None:
    world.build()
    world.registry(world.deny(Resource="*", Action=PULL))
    world.deploy()


@case("the registry policy denies everything, us too", "registry.denied_unread")
def _(world: World) -> None:
    world.build()
    world.registry(world.deny(Resource="*"))
    world.deploy()


@case("the registry policy denies under a condition", "registry.conditional", image=WEB)
def _(world: World) -> None:
    world.build()
    condition = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    world.registry(world.deny(Resource="*", Action=PULL, Condition=condition))


@case("the registry policy denies one action", "registry.denied", image=WEB)
def _(world: World) -> None:
    world.build()
    arn = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/shop/*"
    world.registry({**world.deny(Resource=arn), "Action": "ecr:GetDownloadUrlForLayer"})


@case("no repository policy, and the registry denies", "policy.missing", "registry.denied")
def _(world: World) -> None:
    world.build(granted=False)
    world.registry(world.deny(Resource="*", Action=PULL))
    world.deploy()


@case("a resource control policy denies", "deployment.outdated", "organization.denied")
def _(world: World) -> None:
    deploy_against_the_organization(world)


LONG_AGO = {REPOSITORY: datetime(2020, 1, 1, tzinfo=UTC)}


@case("a resource control policy denies, and access was added before", "organization.denied", access_given=LONG_AGO)
def _(world: World) -> None:
    deploy_against_the_organization(world)


@case("a resource control policy denies, and it was deployed again", "organization.denied")
def _(world: World) -> None:
    deploy_against_the_organization(world)
    world.deploy()


@case("a resource control policy denies, and another image failed before", "deployment.outdated", "organization.denied")
def _(world: World) -> None:
    deploy_against_the_organization(world, image="nginx:1.27-other")
    world.deploy()


def deploy_against_the_organization(world: World, **deployed: str) -> None:
    world.build()
    condition = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    rcp = {"Statement": [{**world.deny(Resource="*"), "Condition": condition}]}
    world.sandbox.organization("o-exampleorgid", policies=[rcp])
    world.deploy(**deployed)


@case("a Deny for all but the own account", "policy.denied")
def _(world: World) -> None:
    world.build()
    deny = world.deny(Action="ecr:BatchGetImage", NotPrincipal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    del deny["Principal"]
    world.policy(world.allow(), deny)
    world.deploy()


@case("layers allowed to the own account only", "policy.actions_missing")
def _(world: World) -> None:
    world.build(granted=False)
    layers = world.allow(ACCOUNT, ["ecr:GetDownloadUrlForLayer"], sid="Layers")
    world.policy(world.allow(actions=["ecr:BatchGetImage"]), layers)
    world.deploy()
