"""The part of the control route for deployments: behaviors, images, stacks, and the causes of failures."""

from __future__ import annotations

import re
from typing import Any

from starlette.requests import Request

from app.sandbox.behavior import behavior_of, shown
from app.sandbox.errors import AwsError, SandboxError
from app.sandbox.images import find_image, images_of
from app.sandbox.inspection import find_repository, find_service
from app.sandbox.manifests import (
    UNKNOWN,
    make_attestation,
    make_image,
    make_index,
    make_referrer,
    make_tagged_signature,
)
from app.sandbox.parts import Parts
from app.sandbox.service_state import describe, describe_deployment
from app.sandbox.stacks import update_by_stack
from app.sandbox.state import Image, Repository
from app.sandbox.stored_images import store_image

PLATFORM = re.compile(r"[^/]+/[^/]+(/[^/]+)?")


def behaviors(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (the signature of handlers)
    return {"behaviors": [shown(each) for each in parts.world.behaviors]}


def add_behavior(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Add a behavior, as in `behavior.Behavior`: `{"image": "*web:1*", "exit_code": 1, "lines": ["…"]}`."""
    parts.world.behaviors.append(behavior_of(body))
    parts.world.changes += 1
    return behaviors(parts, request, {})


def remove_behaviors(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    parts.world.behaviors.clear()
    parts.world.changes += 1
    return {"behaviors": []}


def deployments(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    """Return a service's deployments, newest first, each with the `cause` of its failure, which no API returns."""
    service, now = find_service(parts, request), parts.world.clock.now()
    return {
        "deployments": [
            {**describe_deployment(service, each, now), "cause": each.cause} for each in reversed(service.deployments)
        ]
    }


def add_image(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Push a generated image, or an artifact about one.

    `{"tags": ["1.0"], "platforms": ["linux/amd64", "linux/arm64", "unknown/unknown"], "megabytes": 90}`: an index when
    there are several platforms; `unknown/unknown` is buildx's attestation. `{"about": "1.0", "artifactType": "…"}`: a
    referrer of the image with that tag or digest; without `artifactType`, a signature as cosign tags it.
    """
    repository, now = find_repository(parts, request), parts.world.clock.now()
    images = _referrer(repository, body, now) if "about" in body else _made(repository, body, now)
    for image in images:
        for other in images_of(repository):
            other.tags = [tag for tag in other.tags if tag not in image.tags]
        images_of(repository).append(image)
    parts.world.changes += 1
    return {"imageDigest": images[-1].digest, "imageTags": images[-1].tags}


def add_stored_image(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Push an image to a service itself: `{"label": "web"}` is stored as `:service.web.1`, or with the next number."""
    service, label = find_service(parts, request), body.get("label")
    if not isinstance(label, str) or not re.fullmatch(r"[a-z0-9]+(-+[a-z0-9]+)*", label):
        raise SandboxError("The label of a stored image has lowercase letters, digits and single hyphens.")
    parts.world.changes += 1
    return store_image(service, label, parts.world.clock.now())


def change_key(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Disable the KMS key of a repository, or revoke ECR's grant on it: `{"usable": false}`."""
    repository, usable = find_repository(parts, request), body.get("usable")
    if not isinstance(usable, bool) or repository.encryption["encryptionType"] == "AES256":
        raise SandboxError('A key that can or can\'t be used is one of KMS: {"usable": false}.')
    repository.is_key_usable = usable
    parts.world.changes += 1
    return {"usable": usable, **repository.encryption}


def _made(repository: Repository, body: dict[str, Any], now: float) -> list[Image]:
    tags, platforms = body.get("tags", []), body.get("platforms", ["linux/amd64"])
    megabytes = body.get("megabytes", 90)
    if not _are_texts(tags) or not _are_texts(platforms) or not platforms or not isinstance(megabytes, int):
        raise SandboxError("An image has tags, platforms (at least one, as linux/amd64) and megabytes.")
    if not all(PLATFORM.fullmatch(platform) for platform in platforms):
        raise SandboxError("A platform is written as linux/amd64, or with a variant as linux/arm/v7.")
    number = len(images_of(repository)) + 1
    size = megabytes * 1_000_000
    if len(platforms) == 1 and platforms[0] != UNKNOWN:
        return [make_image(repository.name, number, tags, size, now, platform=platforms[0])]
    made = [make_image(repository.name, number, [], size, now, platform=each) for each in platforms if each != UNKNOWN]
    subject = made[0] if made else make_image(repository.name, number, [], size, now)
    children = [(image, platform) for image, platform in zip(made, [p for p in platforms if p != UNKNOWN], strict=True)]
    if UNKNOWN in platforms:
        children.append((make_attestation(repository.name, number, subject, now), UNKNOWN))
    return [*(image for image, _ in children), make_index(tags, children, now)]


def _referrer(repository: Repository, body: dict[str, Any], now: float) -> list[Image]:
    about, artifact_type = body["about"], body.get("artifactType")
    if not isinstance(about, str) or not isinstance(artifact_type, str | None):
        raise SandboxError('An artifact is {"about": a tag or digest, "artifactType": a media type}.')
    subject = find_image(repository, {"imageDigest": about} if about.startswith("sha256:") else {"imageTag": about})
    if subject is None:
        raise SandboxError(f"There is no image {about} in {repository.name}.")
    return [make_referrer(subject, artifact_type, now) if artifact_type else make_tagged_signature(subject, now)]


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def update_stack(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Simulate a CloudFormation stack's update of the service: `{"stack": "web", "properties": {…}}` (see `stacks`)."""
    stack, properties = body.get("stack"), body.get("properties", {})
    if not isinstance(stack, str) or not stack or not isinstance(properties, dict):
        raise SandboxError('A stack is updated by {"stack": its name, "properties": those of the container}.')
    service = find_service(parts, request)
    try:
        update_by_stack(parts.world, service, stack, properties)
    except AwsError as problem:
        raise SandboxError(problem.message) from problem
    parts.world.changes += 1
    return describe(service, parts.world.clock.now())
