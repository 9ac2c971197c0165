"""Images that can't be pulled, and two causes at once."""

from __future__ import annotations

from tests.diagnosis.corpus.access import tagged
from tests.diagnosis.corpus.case import OTHER_ACCOUNT, case
from tests.diagnosis.world import HOST, PULL, REGION, REPOSITORY, SERVICE, WEB, World
from tests.sandbox_server import ACCOUNT

# The image's URI, tag or digest.


def deployed(name: str, code: str, image: str, *also: str) -> None:
    @case(name, code, *also)
    def _(world: World) -> None:
        world.build()
        world.deploy(image)


def asked(name: str, code: str, image: str, *also: str) -> None:
    case(name, code, *also, image=image)(lambda world: world.build())


deployed("a tag in capitals", "image.tag_not_found", tagged("LATEST"))
deployed("latest is named, and isn't there", "image.tag_not_found", tagged("latest"))
deployed("a commit's tag that CI didn't push", "image.tag_not_found", tagged("sha-9f3c2d1"))
deployed("the repository of another program", "repository.not_found", f"{HOST}/shop/worker:1.4")
asked("a tag behind a slash", "repository.not_found", f"{HOST}/{REPOSITORY}/1.4")
asked("a variable for the tag that wasn't filled in", "uri.tag", tagged("${CI_COMMIT_SHA}"))
asked("a template's placeholder for the tag", "uri.tag", tagged("{{.Tag}}"))
asked("a variable for the registry that wasn't filled in", "uri.host", f"$ECR_REGISTRY/{REPOSITORY}:1.4")
asked("variables for registry and tag", "uri.host", f"${{REGISTRY}}/{REPOSITORY}:${{TAG}}", "uri.tag")
asked("a registry on one's own computer", "uri.host", f"localhost:5000/{REPOSITORY}:1.4")
asked("a name in capitals, without a host", "uri.name", "Shop/Web:1.4", "uri.not_private")
asked("a digest in capitals", "uri.digest", f"{HOST}/{REPOSITORY}@sha256:{'AB' * 32}")
asked("a digest without its algorithm", "uri.digest", f"{HOST}/{REPOSITORY}@{'ab' * 32}")
asked("an Availability Zone in the host", "uri.host", WEB.replace(REGION, f"{REGION}a"))


@case("a signature's tag", "image.artifact")
def _(world: World) -> None:
    world.build()
    digest = world.ecr.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": "1.4"}])["imageDetails"][0]
    tag = digest["imageDigest"].replace(":", "-") + ".sig"
    world.sandbox.add_image(REPOSITORY, about="1.4")
    world.deploy(tagged(tag))


@case("a Windows image", "platform.index")
def _(world: World) -> None:
    world.build()
    world.push(["win"], platforms=["windows/amd64", "unknown/unknown"])
    world.sandbox.advance(1)
    world.deploy(tagged("win"))


# Two causes.


@case("service disabled, and its container ends", "service.disabled", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(exit_code=1, lines=["boom"])
    world.deploy()
    world.lightsail.update_container_service(serviceName=SERVICE, isDisabled=True)
    world.sandbox.advance(10)


@case("service disabled, and no policy", "service.disabled", "policy.missing", image=WEB)
def _(world: World) -> None:
    world.build(granted=False)
    world.lightsail.update_container_service(serviceName=SERVICE, isDisabled=True)
    world.sandbox.advance(10)


@case("a Deny, and the image is archived", "policy.denied", "image.archived")
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(), world.deny(Action=PULL))
    world.archive(imageTag="1.4")
    world.deploy()


@case("the tag of the sidecar isn't there", "image.tag_not_found")
def _(world: World) -> None:
    world.build()
    containers = {"app": {"image": WEB, "ports": {"80": "HTTP"}}, "proxy": {"image": tagged("9.9")}}
    world.lightsail.create_container_service_deployment(
        serviceName=SERVICE, containers=containers, publicEndpoint={"containerName": "app", "containerPort": 80}
    )
    world.sandbox.advance(61)


@case("the sidecar ends, and the app is well", "container.exited")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(container="proxy", exit_code=1, lines=["error loading config: yaml: line 4"])
    containers = {"app": {"image": WEB, "ports": {"80": "HTTP"}}, "proxy": {"image": WEB}}
    world.lightsail.create_container_service_deployment(
        serviceName=SERVICE, containers=containers, publicEndpoint={"containerName": "app", "containerPort": 80}
    )
    world.sandbox.advance(61)


@case("a Deny and a namesake in another account", "policy.other_service", image=WEB)
def _(world: World) -> None:
    world.build()
    world.policy(world.allow(world.arn.replace(world.arn.split(":")[4], OTHER_ACCOUNT)))


@case("an archived image by its digest", "image.archived")
def _(world: World) -> None:
    world.build()
    found = world.ecr.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": "1.4"}])["imageDetails"][0]
    world.archive(imageDigest=found["imageDigest"])
    world.deploy(f"{HOST}/{REPOSITORY}@{found['imageDigest']}")


@case("access given after the deployment, and a variable is missing since", "container.missing_variable")
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy()
    world.grant()
    world.sandbox.add_behavior(exit_code=1, lines=["panic: DATABASE_URL must be set"])
    world.deploy()


@case("too large for its power, and out of memory", "size.out_of_memory")
def _(world: World) -> None:
    world.build(power="nano", megabytes=2_200)
    world.sandbox.add_behavior(exit_code=137, lines=["Killed"])
    world.deploy()


@case("the registry policy allows replication alone, and no policy here", "policy.missing")
def _(world: World) -> None:
    world.build(granted=False)
    principal = {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}
    allow = {"Sid": "Replicate", "Effect": "Allow", "Principal": principal, "Resource": "*"}
    world.registry({**allow, "Action": ["ecr:CreateRepository", "ecr:ReplicateImage"]})
    world.deploy()


@case("a public image that logs nothing and isn't ready in time", "container.took_too_long")
def _(world: World) -> None:
    world.build()
    world.sandbox.add_behavior(ready_after=900)
    world.deploy("nginx:1.27", endpoint={})


@case("a Deny of the general role, and the own account", "policy.not_named")
def _(world: World) -> None:
    world.build()
    world.policy(
        world.deny(Principal={"AWS": world.general_arn}, Action=PULL), world.allow(f"arn:aws:iam::{ACCOUNT}:root")
    )
    world.deploy()


@case("the role may not push, and the general ARN may pull", "policy.general_role")
def _(world: World) -> None:
    world.build()
    world.policy(world.deny(Principal={"AWS": world.arn}, Action="ecr:PutImage"), world.allow(world.general_arn))
    world.deploy()
