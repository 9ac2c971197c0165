"""Injected causes: see `app/diagnosis/causes/images.py`."""

from __future__ import annotations

from tests.diagnosis.corpus.case import case
from tests.diagnosis.world import HOST, REPOSITORY, WEB, World

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


@case("stored image that was never pushed", "image.not_stored", image=":shop.web.3")
def _(world: World) -> None:
    world.build()
    world.sandbox.store_image("shop", "web")


@case("stored image of another label, by latest", "image.not_stored", image=":shop.api.latest")
def _(world: World) -> None:
    world.build()
    world.sandbox.store_image("shop", "web")


@case("stored image of a service that stores none", "image.not_stored", image=":shop.web.1")
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


@case("a lifecycle rule for images with two tags", "image.tag_not_found", image=WEB.replace("1.4", "1.3"))
def _(world: World) -> None:
    world.build()
    world.lifecycle(tagStatus="tagged", tagPrefixList=["1.", "dev-"])
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


@case("tag pushed again, for another platform", "image.moved", "platform.single", image=WEB, platform=True)
def _(world: World) -> None:
    world.build()
    world.deploy()
    world.push(["1.4"], platforms=["linux/arm64"])


@case("tag pushed again, too large for the power", "image.moved", "size.too_large")
def _(world: World) -> None:
    world.build(power="nano")
    world.deploy()
    world.push(["1.4"], megabytes=3_000)


@case("an SBOM's digest", "image.artifact")
def _(world: World) -> None:
    world.build()
    made = world.sandbox.add_image(REPOSITORY, about="1.4", artifactType="application/spdx+json")
    world.deploy(f"{HOST}/{REPOSITORY}@{made['imageDigest']}")


@case("no policy, and the tag is gone", "policy.missing", "image.tag_not_found")
def _(world: World) -> None:
    world.build(granted=False)
    world.deploy(WEB.replace("1.4", "1.5"))


@case("restored after the deployment failed", "deployment.outdated")
def _(world: World) -> None:
    world.build()
    world.archive(imageTag="1.4")
    world.deploy()
    image = {"repositoryName": REPOSITORY, "imageId": {"imageTag": "1.4"}}
    world.ecr.update_image_storage_class(**image, targetStorageClass="STANDARD")
    world.sandbox.advance(3_600)


@case("a tag beside the digest of another image, which is the one that is pulled", "container.exited")
def _(world: World) -> None:
    world.build()
    digest = world.push(["9.9"], megabytes=44)
    world.sandbox.add_behavior(exit_code=3, lines=["bye"])
    world.deploy(f"{WEB}@{digest}")


KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@case("the KMS key of the repository is disabled", "image.kms_error")
def _(world: World) -> None:
    world.build(key=KEY)
    world.sandbox.break_key(REPOSITORY)
    world.deploy()


@case("the KMS key of the repository is disabled, before deploying", "image.kms_error", image=WEB, platform=True)
def _(world: World) -> None:
    world.build(key=KEY)
    world.sandbox.break_key(REPOSITORY)


@case("no access, and the KMS key is disabled", "policy.missing", "image.kms_error", image=WEB, platform=True)
def _(world: World) -> None:
    world.build(key=KEY, granted=False)
    world.sandbox.break_key(REPOSITORY)


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


@case("an index for two kinds of 32-bit ARM", "platform.index")
def _(world: World) -> None:
    world.build()
    world.push(["arm"], platforms=["linux/arm/v6", "linux/arm/v7"])
    world.deploy(WEB.replace("1.4", "arm"))


@case("attestations only", "platform.attestation_only")
def _(world: World) -> None:
    world.build()
    world.push(["new"], platforms=["unknown/unknown"])
    world.sandbox.advance(1)
    world.deploy(WEB.replace("1.4", "new"))


@case("an index whose image is archived", "platform.child_missing", image=WEB.replace("1.4", "new"), platform=True)
def _(world: World) -> None:
    push_index_of_archived_images(world)


@case("an index whose image is archived, deployed", "platform.child_missing")
def _(world: World) -> None:
    push_index_of_archived_images(world)
    world.deploy(WEB.replace("1.4", "new"))


def push_index_of_archived_images(world: World) -> None:
    world.build()
    world.push(["new"], platforms=["linux/amd64", "linux/arm64"])
    world.sandbox.advance(1)
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
