"""The corpus: causes injected into the sandbox as AWS would show them, each with the root cause that `why` must name.

`build` sets the world up, `asked` is what the person asks with; the `code` is of `app.diagnosis.causes`. The docs' table
is made from this list (tests/diagnosis/test_docs.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.diagnosis.world import HOST, PULL, REGION, REPOSITORY, SERVICE, WEB, World
from tests.sandbox_server import ACCOUNT

OTHER_ACCOUNT = "210987654321"
TOKYO = "ap-northeast-1"


@dataclass(frozen=True)
class Case:
    """One injected cause. `also` are further causes that stand, in their order."""

    name: str
    code: str
    build: Callable[[World], None]
    asked: dict[str, Any] = field(default_factory=dict)
    also: tuple[str, ...] = ()


CASES: list[Case] = []


def case(
    name: str, code: str, *also: str, **asked: Any
) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    def kept(build: Callable[[World], None]) -> Callable[[World], None]:
        CASES.append(Case(name, code, build, asked, also))
        return build

    return kept


def uri(name: str, image: str, code: str, *also: str) -> None:
    """A URI that somebody typed: asked about before it is deployed."""
    CASES.append(Case(name, code, lambda world: world.build(), {"image": image}, also))


# The service.


@case("service misspelt", "service.not_found", service="shopp")
def _(world: World) -> None:
    world.build()


@case("service in another Region", "service.not_found", region=TOKYO, image=WEB)
def _(world: World) -> None:
    world.build()


@case("Region without Lightsail", "region.unavailable", region="us-west-1", image=WEB)
def _(world: World) -> None:
    world.build()


@case("service disabled", "service.disabled")
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.lightsail.update_container_service(serviceName=SERVICE, isDisabled=True)
    world.sandbox.advance(10)


@case("service being deleted", "service.deleting", image=WEB)
def _(world: World) -> None:
    world.build()
    world.sandbox.change_service(SERVICE, state="DELETING")


@case("service updating, nothing wrong", "service.busy", image=WEB)
def _(world: World) -> None:
    world.build()
    world.sandbox.change_service(SERVICE, state="UPDATING")


@case("nothing deployed and no image named", "service.no_deployment")
def _(world: World) -> None:
    world.build()


# The URI.

uri("spaces behind the URI", f"{WEB}  ", "uri.spaces")
uri("a line break behind the URI", f"{WEB}\n", "uri.spaces")
uri("a zero-width space in the URI", WEB.replace("/web", "/\u200bweb"), "uri.odd_characters")
uri("a full-width colon", WEB.replace(":1.4", "\uff1a1.4"), "uri.odd_characters")
uri("https:// in front", f"https://{WEB}", "uri.scheme")
uri("http:// in front", f"http://{WEB}", "uri.scheme")
uri("11 digits of account", WEB.replace(ACCOUNT, ACCOUNT[:-1]), "uri.account_digits")
uri("13 digits of account", WEB.replace(ACCOUNT, ACCOUNT + "0"), "uri.account_digits")
uri("account with dashes, one digit missing", WEB.replace(ACCOUNT, "1234-5678-901"), "uri.account_digits")
uri("a wrong digit of account", WEB.replace(ACCOUNT, "123456789013"), "uri.other_account")
uri(
    "another account's repository",
    f"{OTHER_ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/staging/web:0.2.0",
    "uri.other_account",
)
uri("another Region's host", WEB.replace(REGION, TOKYO), "uri.other_region")
uri("a Region that doesn't exist", WEB.replace(REGION, "us-esat-1"), "uri.other_region")
uri("dual-stack host", WEB.replace(f"dkr.ecr.{REGION}.amazonaws.com", f"dkr-ecr.{REGION}.on.aws"), "uri.dual_stack")
uri("FIPS host", WEB.replace("dkr.ecr.", "dkr.ecr-fips."), "uri.host")
uri("host without dkr", WEB.replace("dkr.ecr", "ecr"), "uri.host")
uri("host of China", WEB.replace("amazonaws.com", "amazonaws.com.cn"), "uri.host")
uri("host misspelt", WEB.replace("amazonaws.com", "amazonaws.co"), "uri.host")
uri("the repository's ARN", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{REPOSITORY}:1.4", "uri.host")
uri("quotation marks around the URI", f'"{WEB}"', "uri.odd_characters")
uri("two slashes behind the host", WEB.replace("/shop", "//shop"), "uri.name")
uri("no slash behind the host", WEB.replace(".com/shop/", ".comshop/"), "uri.host", "repository.not_found")
uri("nothing behind the colon", f"{HOST}/{REPOSITORY}:", "uri.tag")
uri("uppercase in the repository", WEB.replace("shop/web", "Shop/Web"), "uri.name")
uri("no repository", f"{HOST}/", "uri.name")
uri("placeholder for the tag", WEB.replace("1.4", "<tag>"), "uri.tag")
uri("a shortened digest", f"{HOST}/{REPOSITORY}@sha256:3f2a9c", "uri.digest")
uri("repository's name alone", "shop/web:1.4", "uri.not_private")
uri("ECR Public's host", "public.ecr.aws/shop/web:1.4", "uri.not_private")
uri("Docker Hub's host", "docker.io/shop/web:1.4", "uri.not_private")


@case("dual-stack host deployed", "uri.dual_stack")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace(f"dkr.ecr.{REGION}.amazonaws.com", f"dkr-ecr.{REGION}.on.aws"))


@case("another Region's host deployed", "uri.other_region")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace(REGION, TOKYO))


@case("uppercase, and no policy either", "uri.name", "policy.missing", image=WEB.replace("shop/web", "shop/WEB"))
def _(world: World) -> None:
    world.build(granted=False)


# The role.


@case("role never activated", "role.inactive")
def _(world: World) -> None:
    world.build(role=False)
    world.deploy()


@case("role switched off by a person", "role.inactive")
def _(world: World) -> None:
    world.build()
    world.switch_role(on=False)
    world.deploy()


@case("role switched off by a stack", "role.inactive_stack")
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.update_stack(Power="micro")
    world.deploy()


@case("role switched off by a stack a moment ago", "role.inactive_stack", "service.busy", image=WEB)
def _(world: World) -> None:
    world.build()
    world.sandbox.update_stack(SERVICE, {"Power": "micro"})


@case("service older than the role", "role.inactive", image=WEB)
def _(world: World) -> None:
    world.build(role=False)
    world.sandbox.change_service(SERVICE, privateRegistryAccess=False)


@case("role without an ARN yet", "role.no_arn", image=WEB)
def _(world: World) -> None:
    world.build(role=False)
    world.sandbox.options(arn_lag_seconds=600)
    world.switch_role(on=True)


# The repository.


@case("repository misspelt", "repository.not_found", image=WEB.replace("shop/web", "shop/wbe"))
def _(world: World) -> None:
    world.build()


@case("repository misspelt and deployed", "repository.not_found")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace("shop/web", "shop-web"))


@case("repository in another Region only", "repository.other_region", image=f"{HOST}/tokyo/api:1.3.0")
def _(world: World) -> None:
    world.build()


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


@case("a resource control policy denies", "organization.denied")
def _(world: World) -> None:
    world.build()
    condition = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-exampleorgid"}}
    rcp = {"Statement": [{**world.deny(Resource="*"), "Condition": condition}]}
    world.sandbox.organization("o-exampleorgid", policies=[rcp])
    world.deploy()


# The tag or digest.


@case("tag never pushed", "image.tag_not_found")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace("1.4", "1.5"))


@case("tag deleted after it ran", "image.tag_not_found")
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.delete_tag("1.4")
    world.deploy()


@case("tag misspelt", "image.tag_not_found", image=WEB.replace("1.4", "v1.4"))
def _(world: World) -> None:
    world.build()


@case("tag expired by the lifecycle policy", "image.expired")
def _(world: World) -> None:
    world.build()
    world.lifecycle(tagStatus="any")
    world.delete_tag("1.3")
    world.deploy(WEB.replace("1.4", "1.3"))


@case("a lifecycle policy for other tags", "image.tag_not_found", image=WEB.replace("1.4", "1.3"))
def _(world: World) -> None:
    world.build()
    world.lifecycle(tagStatus="tagged", tagPrefixList=["dev-"])
    world.delete_tag("1.3")


@case("no tag named, and no latest", "image.no_latest")
def _(world: World) -> None:
    world.build()
    world.deploy(f"{HOST}/{REPOSITORY}")


@case("a digest that is gone", "image.digest_not_found")
def _(world: World) -> None:
    world.build()
    world.deploy(f"{HOST}/{REPOSITORY}@sha256:{'0' * 64}")


@case("a digest of another repository", "image.digest_not_found")
def _(world: World) -> None:
    world.build()
    digest = world.push(["9"], "tools/cli")
    world.deploy(f"{HOST}/{REPOSITORY}@{digest}")


@case("archived", "image.archived")
def _(world: World) -> None:
    world.build()
    world.archive(imageTag="1.4")
    world.deploy()


@case("being restored", "image.restoring", image=WEB)
def _(world: World) -> None:
    world.build()
    world.archive(imageTag="1.4")
    world.ecr.update_image_storage_class(
        repositoryName=REPOSITORY, imageId={"imageTag": "1.4"}, targetStorageClass="STANDARD"
    )


@case("tag pushed again after the deployment", "image.moved")
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.push(["1.4"])


@case("tag pushed after a deployment that found none", "image.moved")
def _(world: World) -> None:
    world.build()
    world.deploy(WEB.replace("1.4", "1.5"))
    world.push(["1.5"])


@case("an SBOM's digest", "image.artifact")
def _(world: World) -> None:
    world.build()
    made = world.sandbox.add_image(REPOSITORY, about="1.4", artifactType="application/spdx+json")
    world.deploy(f"{HOST}/{REPOSITORY}@{made['imageDigest']}")


@case("no policy, and the tag is gone", "policy.missing", "image.tag_not_found")
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy(WEB.replace("1.4", "1.5"))


# The platform.


@case("an index without linux/amd64", "platform.index")
def _(world: World) -> None:
    world.build()
    world.push(["arm"], platforms=["linux/arm64", "windows/amd64"])
    world.sandbox.advance(1)
    world.deploy(WEB.replace("1.4", "arm"))


@case(
    "an index without linux/amd64, before deploying", "platform.index", image=WEB.replace("1.4", "arm"), platform=True
)
def _(world: World) -> None:
    world.build()
    world.push(["arm"], platforms=["linux/arm64", "unknown/unknown"])


@case("a single arm64 image", "platform.exec_format")
def _(world: World) -> None:
    world.build()
    world.push(["arm"], platforms=["linux/arm64"])
    world.sandbox.advance(1)
    world.deploy(WEB.replace("1.4", "arm"))


@case("a single arm64 image, before deploying", "platform.single", image=WEB.replace("1.4", "arm"), platform=True)
def _(world: World) -> None:
    world.build()
    world.push(["arm"], platforms=["linux/arm64"])


@case("attestations only", "platform.attestation_only")
def _(world: World) -> None:
    world.build()
    world.push(["new"], platforms=["unknown/unknown"])
    world.sandbox.advance(1)
    world.deploy(WEB.replace("1.4", "new"))


@case("an index whose image is archived", "platform.child_missing", image=WEB.replace("1.4", "new"), platform=True)
def _(world: World) -> None:
    world.build()
    world.push(["new"], platforms=["linux/amd64", "linux/arm64"])
    for image in world.ecr.describe_images(repositoryName=REPOSITORY, filter={"tagStatus": "UNTAGGED"})["imageDetails"]:
        world.archive(imageDigest=image["imageDigest"])


# Size and power.


@case("3 GB for a nano", "size.too_large")
def _(world: World) -> None:
    world.build(power="nano", megabytes=3_000)
    world.sandbox.add_behavior(ready_after=600)
    world.deploy()


@case("3 GB for a nano, before deploying", "size.too_large", image=WEB)
def _(world: World) -> None:
    world.build(power="nano", megabytes=3_000)


@case("killed for want of memory", "size.out_of_memory")
def _(world: World) -> None:
    world.build(power="nano")
    world.sandbox.add_behavior(exit_code=137)
    world.deploy()


@case("JavaScript's heap", "size.out_of_memory")
def _(world: World) -> None:
    world.build(power="nano")
    lines = ["booting", "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"]
    world.sandbox.add_behavior(exit_code=134, lines=lines)
    world.deploy()


# The container: not access.


@case("container ended", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=3)
    world.deploy(endpoint={})


@case("a module is missing", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["node server.js", "Error: Cannot find module '/app/server.js'"])
    world.deploy(endpoint={})


@case("a variable is missing", "container.missing_variable")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["booting", "fatal: DATABASE_URL is not set"])
    world.deploy(endpoint={}, environment={"LOG_LEVEL": "debug"})


@case("a variable is missing, in Python's words", "container.missing_variable")
def _(world: World) -> None:
    world.build()
    lines = ["Traceback (most recent call last):", '  File "app.py", line 3, in <module>', "KeyError: 'SECRET_KEY'"]
    world.sandbox.add_behavior(exit_code=1, lines=lines)
    world.deploy(endpoint={})


@case("a database can't be reached", "container.exited")
def _(world: World) -> None:
    world.build()
    lines = ["starting", "panic: dial tcp 10.0.0.5:5432: connect: connection refused", "exit status 2"]
    world.sandbox.add_behavior(exit_code=2, lines=lines)
    world.deploy(endpoint={}, environment={"DATABASE_URL": "postgres://10.0.0.5/app"})


@case("the command isn't in the image", "container.command_not_found")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(commands=["node"])
    world.deploy(command=["nodejs", "server.js"])


@case("the port is another", "health.port")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(listens=[3000], lines=["Server listening on port 3000"])
    world.deploy(endpoint={})


@case("the variable PORT is another", "health.port")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(listens=[8080])
    world.deploy(endpoint={}, environment={"PORT": "8080"})


@case("listens on localhost", "health.localhost")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(listens=[], lines=["Listening at http://127.0.0.1:80 (1)"])
    world.deploy(endpoint={})


@case("the health check's path is wrong", "health.path")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(paths={"/": 200}, lines=["listening on 0.0.0.0:80"])
    world.deploy(endpoint={"path": "/healthz", "successCodes": "200-399"})


@case("the health check is answered with 500", "health.status")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(paths={"/": 500})
    world.deploy(endpoint={})


@case("slow to start", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(ready_after=600, lines=["warming caches", "still warming"])
    world.deploy(endpoint={})


@case("silent and not ready", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(ready_after=600)
    world.deploy(endpoint={})


@case("deployment in progress", "deployment.in_progress", image=WEB)
def _(world: World) -> None:
    world.build()
    world.deploy(wait=1)


@case("failed long ago, and nothing wrong now", "deployment.unexplained")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1)
    world.deploy()
    world.sandbox.advance(4 * 86_400)


@case("the sidecar's repository isn't granted", "policy.missing")
def _(world: World) -> None:
    world.build()
    containers = {
        "app": {"image": WEB, "ports": {"80": "HTTP"}},
        "proxy": {"image": f"{HOST}/payments/api:3.12.0"},
    }
    world.lightsail.create_container_service_deployment(
        serviceName=SERVICE, containers=containers, publicEndpoint={"containerName": "app", "containerPort": 80}
    )
    world.sandbox.advance(61)


@case("it ran, and access was taken away since", "policy.missing", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=3)
    world.deploy()
    world.sandbox.put_policy(REPOSITORY, None)
