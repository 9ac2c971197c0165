"""Changes to the images of a repository: push, delete, archive and restore, as in the ECR API."""

from __future__ import annotations

import json
from typing import Any

from app.sandbox.call import Call
from app.sandbox.ecr import find_repository
from app.sandbox.errors import AwsError
from app.sandbox.images import TAG, failure_of, find_image, get_image, handed_out, images_of, status_of
from app.sandbox.manifests import INDEXES, Manifest, blobs_of, children_of, image_of, sha256
from app.sandbox.matching import is_like
from app.sandbox.state import Image, Repository, World

Answer = dict[str, Any]


def put_image(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    text, tag = call.params["imageManifest"], call.params.get("imageTag")
    manifest = _manifest(text)
    media_type = _media_type(call, manifest)
    if tag and not TAG.fullmatch(tag):
        raise _invalid("imageTag", f"must satisfy regular expression '{TAG.pattern}'")
    digest = sha256(text)
    if call.params.get("imageDigest", digest) != digest:
        raise AwsError(
            "ImageDigestDoesNotMatchException", "The calculated digest and the provided digest do not match."
        )
    if not repository.is_key_usable:
        raise AwsError("KmsException", "The KMS key of the repository can't be used")  # [inferred]
    _check_references(repository, manifest)
    _check_layers(repository, manifest)
    image = find_image(repository, {"imageDigest": digest})
    _check_tag(repository, image, digest, tag, call.at)
    if image is None:
        size = _size(repository, manifest, media_type)
        image = image_of(text, manifest, [], size, call.at, media_type=media_type)
        images_of(repository).append(image)
    elif image.status != "ACTIVE":  # "The image can be restored … by re-pushing the image to the repository"
        image.status, image.activated_at = "ACTIVE", round(call.at, 3)
    if tag:
        for other in images_of(repository):
            other.tags = [kept for kept in other.tags if kept != tag]
        image.tags.append(tag)
    return {"image": handed_out(repository, image, tag)}


def _invalid(parameter: str, rule: str) -> AwsError:
    return AwsError(
        "InvalidParameterException", f"Invalid parameter at '{parameter}' failed to satisfy constraint: '{rule}'"
    )


def _manifest(text: str) -> Manifest:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        manifest = None
    if not isinstance(manifest, dict):
        raise _invalid("ImageManifest", "Invalid JSON syntax")
    return manifest


def _media_type(call: Call, manifest: Manifest) -> str:
    """Return the manifest's own media type, or the request's; without either, ECR reports an error (aws-sdk#193)."""
    media_type = call.params.get("imageManifestMediaType") or manifest.get("mediaType")
    if not isinstance(media_type, str):
        raise _invalid("ImageManifest", "Invalid JSON syntax")
    return media_type


def _check_references(repository: Repository, manifest: Manifest) -> None:
    for entry in children_of(manifest):
        digest = entry.get("digest")
        if not find_image(repository, {"imageDigest": digest}):
            message = (
                f"Images with digests '[{digest}]' required for pushing image into repository with name "
                f"'{repository.name}' in the registry with id '{repository.account}' do not exist"
            )
            raise AwsError("ReferencedImagesNotFoundException", message)


def _check_layers(repository: Repository, manifest: Manifest) -> None:
    """Refuse layers that no image of the repository has: nothing uploads them here. The message is [inferred]."""
    held = {blob.get("digest") for image in images_of(repository) for blob in blobs_of(json.loads(image.manifest))}
    missing = [str(blob.get("digest")) for blob in blobs_of(manifest) if blob.get("digest") not in held]
    if missing:
        message = (
            f"Layers with digests '[{', '.join(missing)}]' required for pushing image into repository with name "
            f"'{repository.name}' in the registry with id '{repository.account}' do not exist"
        )
        raise AwsError("LayersNotFoundException", message)


def _size(repository: Repository, manifest: Manifest, media_type: str) -> int:
    if media_type in INDEXES:
        children = (find_image(repository, {"imageDigest": entry.get("digest")}) for entry in children_of(manifest))
        return max((child.size for child in children if child), default=0)
    sizes = (blob.get("size") for blob in blobs_of(manifest))
    return sum(size for size in sizes if isinstance(size, int))


def _check_tag(repository: Repository, image: Image | None, digest: str, tag: str | None, now: float) -> None:
    within = f"in the '{repository.name}' repository in registry with id '{repository.account}'"
    if image and status_of(image, now) == "ACTIVE" and (tag is None or tag in image.tags):
        about = f"digest '{digest}' and tag '{tag}'" if tag else f"digest '{digest}'"
        raise AwsError("ImageAlreadyExistsException", f"Image with {about} already exists {within}")
    holder = find_image(repository, {"imageTag": tag}) if tag and _is_immutable(repository, tag) else None
    if holder and holder is not image:
        message = f"The image tag '{tag}' already exists {within} and cannot be overwritten because the repository is immutable."
        raise AwsError("ImageTagAlreadyExistsException", message)


def _is_immutable(repository: Repository, tag: str) -> bool:
    is_excluded = any(is_like(tag, each["filter"]) for each in repository.exclusions)
    return repository.mutability.startswith("IMMUTABLE") is not is_excluded


def batch_delete_image(world: World, call: Call) -> Answer:
    """Delete images. A tag removes only itself if the image has others; a digest removes the image with its tags."""
    repository = find_repository(world, call, call.params["repositoryName"])
    deleted, failures = [], []
    for image_id in call.params["imageIds"]:
        image = find_image(repository, image_id)
        if failure := failure_of(repository, image_id):
            failures.append(failure)
        elif image and (parent := _parent_of(repository, image, image_id)):
            failures.append(_referenced(image_id, parent))
        elif image:
            deleted += _delete(repository, image, image_id)
    return {"imageIds": deleted, "failures": failures}


def _parent_of(repository: Repository, image: Image, image_id: dict[str, Any]) -> Image | None:
    """Return the index that keeps the image from being deleted, or None."""
    if image_id.get("imageTag") and not image_id.get("imageDigest") and len(image.tags) > 1:
        return None
    return next((each for each in images_of(repository) if image.digest in _child_digests(each)), None)


def _child_digests(image: Image) -> list[Any]:
    return (
        [entry.get("digest") for entry in children_of(json.loads(image.manifest))]
        if image.media_type in INDEXES
        else []
    )


def _referenced(image_id: dict[str, Any], parent: Image) -> Answer:
    reason = f"Requested image referenced by manifest list: [{parent.digest}]"
    return {"imageId": image_id, "failureCode": "ImageReferencedByManifestList", "failureReason": reason}


def _delete(repository: Repository, image: Image, image_id: dict[str, Any]) -> list[dict[str, str]]:
    tag = image_id.get("imageTag")
    gone = [tag] if tag and not image_id.get("imageDigest") else list(image.tags)
    image.tags = [kept for kept in image.tags if kept not in gone]
    if not image.tags:
        images_of(repository).remove(image)
    if not gone:
        return [{"imageDigest": image.digest}]
    return [{"imageDigest": image.digest, "imageTag": each} for each in gone]


def update_image_storage_class(world: World, call: Call) -> Answer:
    """Change the storage class. Archiving is immediate; restoring takes `restore_seconds` (AWS: up to 20 minutes)."""
    repository = find_repository(world, call, call.params["repositoryName"])
    image = get_image(repository, call.params["imageId"])
    status, target = status_of(image, call.at), call.params["targetStorageClass"]
    if (status == "ARCHIVED") is (target == "ARCHIVE"):
        message = f"The image is already in or on its way to the storage class {target}"  # [inferred]
        raise AwsError("ImageStorageClassUpdateNotSupportedException", message)
    if status == "ACTIVATING":
        raise AwsError("ImageStorageClassUpdateNotSupportedException", "The image is being restored")  # [inferred]
    if target == "ARCHIVE":
        image.status, image.archived_at = "ARCHIVED", round(call.at, 3)
    else:
        image.status, image.activates_at = "ACTIVATING", call.at + world.options.restore_seconds
        image.activated_at = round(image.activates_at, 3)
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageId": {**call.params["imageId"], "imageDigest": image.digest},
        "imageStatus": status_of(image, call.at),
    }
