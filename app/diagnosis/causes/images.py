"""Causes: tag or digest, platform and size. Plain data."""

from __future__ import annotations

from typing import Final

from app.diagnosis.causes.cause import Cause, other
from app.diagnosis.check_result import Check
from app.diagnosis.fix_kinds import Fix
from app.wording import N_

CAUSES: Final[dict[str, Cause]] = {
    "image.tag_not_found": other(
        Check.IMAGE,
        N_("The repository %(repository)s has no image with the tag %(tag)s"),
        N_("It was never pushed, or has been deleted. In CloudTrail, the event BatchDeleteImage shows by whom."),
        Fix.SET_IMAGE,
        Fix.PUSH,
        tag="1.4",
    ),
    "image.no_latest": other(
        Check.IMAGE,
        N_("The image URI names no tag, and the repository %(repository)s has no tag latest"),
        N_("Without a tag, latest is pulled. Name a tag that exists."),
        Fix.SET_IMAGE,
        Fix.PUSH,
    ),
    "image.digest_not_found": other(
        Check.IMAGE,
        N_("The repository %(repository)s has no image with this digest"),
        N_("It belongs to another repository, or has been deleted. In CloudTrail, the event BatchDeleteImage shows by whom."),
        Fix.PUSH,
    ),
    "image.not_stored": other(
        Check.IMAGE,
        N_("The service %(service)s has no stored image %(image)s"),
        N_("It was never pushed to this service, or has been deleted. Each service has its own stored images."),
        Fix.SET_IMAGE,
        Fix.PUSH_STORED,
        image=":shop.web.3",
        suggested=":shop.web.2",
    ),
    "image.expired": other(
        Check.IMAGE,
        N_("The image %(image)s is gone from %(repository)s, and lifecycle rule %(rule)s expires such images"),
        N_("ECR deletes images by the lifecycle policy within 24 hours, also those that are deployed."),
        Fix.SET_IMAGE,
        Fix.KEEP_IMAGES,
        Fix.PUSH,
        rule="1 (keep 10)",
    ),
    "image.archived": other(
        Check.IMAGE,
        N_("The image %(image)s in %(repository)s is archived"),
        N_("An archived image can't be pulled until it is restored."),
        Fix.RESTORE_IMAGE,
        Fix.WAIT_FOR_IMAGE,
        Fix.REDEPLOY,
    ),
    "image.restoring": other(
        Check.IMAGE,
        N_("The image %(image)s in %(repository)s is being restored from the archive"),
        N_("It can be pulled once its status is ACTIVE."),
        Fix.WAIT_FOR_IMAGE,
        Fix.REDEPLOY,
    ),
    "image.kms_error": other(
        Check.IMAGE,
        N_("ECR can't decrypt the image %(image)s in %(repository)s"),
        N_("The repository's KMS key is disabled or deleted, or ECR's grant on it was revoked. Enable the key. Only a new "
           "repository gets a new grant."),
        Fix.ENABLE_KEY,
        Fix.REDEPLOY,
    ),
    "image.moved": other(
        Check.IMAGE,
        N_("The tag %(tag)s was pushed after deployment %(version)s"),
        N_("Lightsail pulls when it deploys: that deployment didn't get the image that the tag names now. Deploy again."),
        Fix.REDEPLOY,
        tag="1.4",
        version=7,
    ),
    "image.artifact": other(
        Check.IMAGE,
        N_("%(image)s in %(repository)s isn't a container image (%(media_type)s)"),
        N_("It is a signature, an SBOM, a chart or the like. Name the image itself."),
        Fix.PUSH,
        media_type="application/spdx+json",
    ),
    "platform.index": other(
        Check.PLATFORM,
        N_("The image has no %(runs)s variant"),
        N_("Lightsail runs %(runs)s only. The image is for %(platforms)s."),
        Fix.PUSH,
        Fix.REDEPLOY,
        runs="linux/amd64",
        platforms="linux/arm64",
    ),
    "platform.single": other(
        Check.PLATFORM,
        N_("The image is for %(platforms)s"),
        N_("Lightsail runs %(runs)s only. Images built on a Mac with Apple silicon are for linux/arm64 by default."),
        Fix.PUSH,
        Fix.REDEPLOY,
        runs="linux/amd64",
        platforms="linux/arm64",
    ),
    "platform.attestation_only": other(
        Check.PLATFORM,
        N_("%(image)s holds only attestations, no image"),
        N_("Name the image itself by its tag. If the tag holds nothing else, build and push again with --provenance=false."),
        Fix.PUSH,
        Fix.REDEPLOY,
    ),
    "platform.exec_format": other(
        Check.PLATFORM,
        N_("The image is for another platform than %(runs)s: exec format error"),
        N_("The image was pulled, and its programs can't run on Lightsail. Build it for %(runs)s."),
        Fix.PUSH,
        Fix.REDEPLOY,
        runs="linux/amd64",
    ),
    "platform.child_missing": other(
        Check.PLATFORM,
        N_("The image index refers to a %(runs)s image that is deleted or archived"),
        N_("Push the image again, or restore %(digest)s."),
        Fix.PUSH,
        Fix.REDEPLOY,
        runs="linux/amd64",
        digest="sha256:…",
    ),
    "size.too_large": other(
        Check.SIZE,
        N_("The image (%(megabytes)s MB compressed) is larger than the memory of the power %(power)s (%(memory)s MB)"),
        N_("Such images often take too long to start. Choose a larger power, or make the image smaller."),
        Fix.RAISE_POWER,
        Fix.REDEPLOY,
        megabytes=1900,
        power="nano",
        memory=512,
    ),
    "size.out_of_memory": other(
        Check.SIZE,
        N_("The container ran out of memory (power %(power)s, %(memory)s MB)"),
        N_("The image was pulled. Choose a larger power, or limit what the program uses."),
        Fix.RAISE_POWER,
        Fix.REDEPLOY,
        power="nano",
        memory=512,
    ),
}  # fmt: skip
