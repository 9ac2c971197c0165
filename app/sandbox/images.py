"""The images of a repository, as the ECR API lists, describes and returns them.

Layers are not stored: an image is its manifest and, for generated images, its config.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

from app.sandbox import ids
from app.sandbox.call import Call
from app.sandbox.ecr import find_repository, page_of
from app.sandbox.errors import AwsError
from app.sandbox.manifests import blobs_of, make_image
from app.sandbox.state import Image, Repository, World

Answer = dict[str, Any]
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,299}")  # a distribution tag, of ECR's length
# ECR "refreshes the last image pull timestamp at least once every 24 hours": no more often here.
PULL_TIME_KEPT = 86_400.0
URL_SECONDS = 3_600


def images_of(repository: Repository) -> list[Image]:
    """Return the images; those of a large data set are generated when first used."""
    if repository.images is None:
        size = 20_000_000 + int.from_bytes(ids.digest(repository.name)[:3])
        made = make_image(repository.name, 1, ["1.0.0", "latest"], size, repository.created_at)
        repository.images = [made]
    return repository.images


def find_image(repository: Repository, image_id: dict[str, Any]) -> Image | None:
    """Return the image with this digest, this tag, or both."""
    digest, tag = image_id.get("imageDigest"), image_id.get("imageTag")
    for image in images_of(repository):
        if (digest is None or image.digest == digest) and (tag is None or tag in image.tags):
            return image
    return None


def status_of(image: Image, now: float) -> str:
    """Return the image's status now: ACTIVE, ARCHIVED or ACTIVATING."""
    return "ACTIVE" if image.status == "ACTIVATING" and now >= image.activates_at else image.status


def record_pull(image: Image, now: float) -> None:
    """Record that the manifest was read, which ECR calls a pull."""
    if image.pulled_at is None or now >= image.pulled_at + PULL_TIME_KEPT:
        image.pulled_at = round(now, 3)


def _chosen(repository: Repository, call: Call) -> list[Image]:
    """Return the images that the call's filter matches: without one, those that are active."""
    choice = call.params.get("filter") or {}
    tag_status, image_status = choice.get("tagStatus") or "ANY", choice.get("imageStatus") or "ACTIVE"
    is_tagged = {"ANY": (True, False), "TAGGED": (True,), "UNTAGGED": (False,)}[tag_status]
    return [
        image
        for image in images_of(repository)
        if bool(image.tags) in is_tagged and image_status in {"ANY", status_of(image, call.at)}
    ]


def list_images(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    rows = {}
    for image in _chosen(repository, call):
        for tag in image.tags or [""]:
            rows[f"{image.digest} {tag}"] = {"imageDigest": image.digest, **({"imageTag": tag} if tag else {})}
    page, token = page_of(sorted(rows), call.params)
    answer: Answer = {"imageIds": [rows[key] for key in page]}
    return {**answer, "nextToken": token} if token else answer


def _detail(repository: Repository, image: Image, now: float) -> Answer:
    detail: Answer = {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
        "imageStatus": status_of(image, now),
    }
    optional = {
        "imageTags": image.tags,
        "artifactMediaType": image.artifact_media_type,
        "subjectManifestDigest": image.subject,
        "lastRecordedPullTime": image.pulled_at,
        "lastArchivedAt": image.archived_at,
        "lastActivatedAt": image.activated_at if status_of(image, now) == "ACTIVE" else None,
    }
    return {**detail, **{name: value for name, value in optional.items() if value}}


def describe_images(world: World, call: Call) -> Answer:
    """Describe images: named ones whatever their status [inferred]; a list leaves out archived ones."""
    repository = find_repository(world, call, call.params["repositoryName"])
    image_ids = call.params.get("imageIds")
    if image_ids is None:
        by_digest = {image.digest: image for image in _chosen(repository, call)}
        page, token = page_of(sorted(by_digest), call.params)
        answer: Answer = {"imageDetails": [_detail(repository, by_digest[digest], call.at) for digest in page]}
        return {**answer, "nextToken": token} if token else answer
    if call.params.get("maxResults") is not None or call.params.get("nextToken") is not None:
        message = "Invalid parameter: maxResults and nextToken cannot be given together with imageIds"
        raise AwsError("InvalidParameterException", message)
    images = {image.digest: image for image in (get_image(repository, image_id) for image_id in image_ids)}
    return {"imageDetails": [_detail(repository, image, call.at) for image in images.values()]}


def get_image(repository: Repository, image_id: dict[str, Any]) -> Image:
    """Return the image with this digest, this tag, or both; raises ECR's error if there is none."""
    image = find_image(repository, image_id)
    if image is None:
        shown = (
            f"{{imageDigest:'{image_id.get('imageDigest', 'null')}', imageTag:'{image_id.get('imageTag', 'null')}'}}"
        )
        message = (
            f"The image with imageId {shown} does not exist within the repository with name '{repository.name}' "
            f"in the registry with id '{repository.account}'"
        )
        raise AwsError("ImageNotFoundException", message)
    return image


def handed_out(repository: Repository, image: Image, tag: str | None) -> Answer:
    """Return the image as the API's `Image`, with its manifest."""
    image_id = {"imageDigest": image.digest, **({"imageTag": tag} if tag else {})}
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageId": image_id,
        "imageManifest": image.manifest,
        "imageManifestMediaType": image.media_type,
    }


def failure_of(repository: Repository, image_id: dict[str, Any]) -> Answer | None:
    """Return ECR's failure for an id that matches no image in the repository."""
    digest, tag = image_id.get("imageDigest"), image_id.get("imageTag")
    if not digest and not tag:
        return _failure(
            image_id, "MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null"
        )
    if digest and not DIGEST.fullmatch(digest):
        return _failure(
            image_id, "InvalidImageDigest", "Invalid request parameters: image digest should satisfy the regex"
        )
    if tag and not TAG.fullmatch(tag):
        return _failure(image_id, "InvalidImageTag", "Invalid request parameters: image tag should satisfy the regex")
    if find_image(repository, image_id):
        return None
    if digest and tag and find_image(repository, {"imageDigest": digest}) and find_image(repository, {"imageTag": tag}):
        return _failure(image_id, "ImageTagDoesNotMatchDigest", "Requested image tag does not match its digest")
    return not_found(image_id)


def _failure(image_id: dict[str, Any], code: str, reason: str) -> Answer:
    return {"imageId": image_id, "failureCode": code, "failureReason": reason}


def not_found(image_id: dict[str, Any]) -> Answer:
    return _failure(image_id, "ImageNotFound", "Requested image not found")


def readable_image(
    repository: Repository, image_id: dict[str, Any], accepted: Collection[str] | None, now: float
) -> Image | None:
    """Return the image for a caller that pulls it.

    An archived one is not found ("Requests to pull the archived image will fail with a 404 error", Amazon ECR User
    Guide), and one of a media type that is not accepted neither [reported of ECR's registry API].
    """
    image = find_image(repository, image_id)
    if image is None or status_of(image, now) != "ACTIVE" or (accepted and image.media_type not in accepted):
        return None
    return image


def batch_get_image(world: World, call: Call) -> Answer:
    """Return manifests. With a KMS key that can't be used, each is a failure `KmsError`; its reason is [inferred]."""
    repository = find_repository(world, call, call.params["repositoryName"])
    images, failures = [], []
    for image_id in call.params["imageIds"]:
        image = readable_image(repository, image_id, call.params.get("acceptedMediaTypes"), call.at)
        if failure := failure_of(repository, image_id) or (None if image else not_found(image_id)):
            failures.append(failure)
        elif not repository.is_key_usable:
            failures.append(_failure(image_id, "KmsError", "The KMS key of the repository can't be used"))
        elif image:
            record_pull(image, call.at)
            images.append(handed_out(repository, image, image_id.get("imageTag")))
    world.changes += bool(images)
    return {"images": images, "failures": failures}


def get_download_url_for_layer(world: World, call: Call) -> Answer:
    """Return a URL of the sandbox's own, which serves the configs of generated images (`layers`)."""
    repository = find_repository(world, call, call.params["repositoryName"])
    digest = call.params["layerDigest"]
    active = (image for image in images_of(repository) if status_of(image, call.at) == "ACTIVE")
    if not any(blob.get("digest") == digest for image in active for blob in blobs_of(json.loads(image.manifest))):
        message = (
            f"The layer with digest '{digest}' does not exist within the repository with name '{repository.name}' "
            f"in the registry with id '{repository.account}'"
        )
        raise AwsError("LayersNotFoundException", message)
    query = urlencode({"repository": repository.name, "X-Amz-Expires": URL_SECONDS, "X-Amz-Date": int(call.at)})
    address = f"http://{call.host}/layers/{repository.account}/{repository.region}/{digest}?{query}"
    return {"downloadUrl": address, "layerDigest": digest}
