"""The images of a repository, as the ECR API lists, describes, hands out and takes them.

Layers are not kept: an image is put by its manifest alone.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from app.sandbox import ids
from app.sandbox.call import Call
from app.sandbox.ecr import find_repository, page_of
from app.sandbox.errors import AwsError
from app.sandbox.state import Image, Repository, World

Answer = dict[str, Any]
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def images_of(repository: Repository) -> list[Image]:
    """The images, drawn up when first looked at in a repository of a large data set."""
    if repository.images is None:
        size = 20_000_000 + int.from_bytes(ids.digest(repository.name)[:3])
        made = make_image(repository.name, 1, ["1.0.0", "latest"], size, repository.created_at)
        repository.images = [made]
    return repository.images


def make_image(repository: str, number: int, tags: list[str], size: int, pushed_at: float) -> Image:
    """A plausible Docker image, the same each time for the same repository and number."""
    parts = [("config", 1_512), ("base", size // 3), ("app", size - size // 3 - 1_512)]
    config, *layers = (
        {"mediaType": DOCKER_LAYER, "size": length, "digest": _sha256(ids.digest(repository, number, name))}
        for name, length in parts
    )
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {**config, "mediaType": DOCKER_CONFIG},
        "layers": layers,
    }
    text = json.dumps(manifest, indent=3)
    return Image(_sha256(text.encode()), tags, size, round(pushed_at, 3), DOCKER_MANIFEST, text, DOCKER_CONFIG)


def make_index(repository: str, number: int, tags: list[str], images: list[Image], pushed_at: float) -> Image:
    """An OCI index over images, as buildx pushes with its provenance."""
    platforms = ({"architecture": "amd64", "os": "linux"}, {"architecture": "unknown", "os": "unknown"})
    manifests = [
        {"mediaType": image.media_type, "digest": image.digest, "size": len(image.manifest), "platform": platform}
        for image, platform in zip(images, platforms, strict=False)
    ]
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": manifests,
        "annotations": {"org.opencontainers.image.title": f"{repository} {number}"},
    }
    text = json.dumps(index, indent=2)
    size = sum(image.size for image in images)
    return Image(_sha256(text.encode()), tags, size, round(pushed_at, 3), OCI_INDEX, text)


def _sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def find_image(repository: Repository, image_id: dict[str, Any]) -> Image | None:
    """The image with this digest, this tag, or both."""
    digest, tag = image_id.get("imageDigest"), image_id.get("imageTag")
    for image in images_of(repository):
        if (digest is None or image.digest == digest) and (tag is None or tag in image.tags):
            return image
    return None


def _chosen(repository: Repository, params: dict[str, Any]) -> list[Image]:
    status = (params.get("filter") or {}).get("tagStatus", "ANY")
    wanted = {"ANY": (True, False), "TAGGED": (True,), "UNTAGGED": (False,)}[status]
    return [image for image in images_of(repository) if bool(image.tags) in wanted]


def list_images(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    rows = {}
    for image in _chosen(repository, call.params):
        for tag in image.tags or [""]:
            rows[f"{image.digest} {tag}"] = {"imageDigest": image.digest, **({"imageTag": tag} if tag else {})}
    page, token = page_of(sorted(rows), call.params)
    answer: Answer = {"imageIds": [rows[key] for key in page]}
    return {**answer, "nextToken": token} if token else answer


def _detail(repository: Repository, image: Image) -> Answer:
    detail: Answer = {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageSizeInBytes": image.size,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
    }
    if image.tags:
        detail["imageTags"] = image.tags
    if image.artifact_media_type:
        detail["artifactMediaType"] = image.artifact_media_type
    return detail


def describe_images(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    wanted = call.params.get("imageIds")
    if wanted is None:
        by_digest = {image.digest: image for image in _chosen(repository, call.params)}
        page, token = page_of(sorted(by_digest), call.params)
        answer: Answer = {"imageDetails": [_detail(repository, by_digest[digest]) for digest in page]}
        return {**answer, "nextToken": token} if token else answer
    if call.params.get("maxResults") is not None or call.params.get("nextToken") is not None:
        message = "Invalid parameter: maxResults and nextToken cannot be given together with imageIds"
        raise AwsError("InvalidParameterException", message)
    found = {image.digest: image for image in (_must_find(repository, image_id) for image_id in wanted)}
    return {"imageDetails": [_detail(repository, image) for image in found.values()]}


def _must_find(repository: Repository, image_id: dict[str, Any]) -> Image:
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


def _handed_out(repository: Repository, image: Image, tag: str | None) -> Answer:
    image_id = {"imageDigest": image.digest, **({"imageTag": tag} if tag else {})}
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "imageId": image_id,
        "imageManifest": image.manifest,
        "imageManifestMediaType": image.media_type,
    }


def batch_get_image(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    images, failures = [], []
    for image_id in call.params["imageIds"]:
        if not image_id.get("imageDigest") and not image_id.get("imageTag"):
            reason = "Invalid request parameters: both tag and digest cannot be null"
            failures.append({"imageId": image_id, "failureCode": "MissingDigestAndTag", "failureReason": reason})
        elif image := find_image(repository, image_id):
            images.append(_handed_out(repository, image, image_id.get("imageTag")))
        else:
            reason = "Requested image not found"
            failures.append({"imageId": image_id, "failureCode": "ImageNotFound", "failureReason": reason})
    return {"images": images, "failures": failures}


def put_image(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    text, tag = call.params["imageManifest"], call.params.get("imageTag")
    manifest = _manifest(text)
    digest = _sha256(text.encode())
    if call.params.get("imageDigest", digest) != digest:
        raise AwsError(
            "ImageDigestDoesNotMatchException", "The calculated digest and the provided digest do not match."
        )
    image = find_image(repository, {"imageDigest": digest})
    _check_tag(repository, image, digest, tag)
    if image is None:
        media_type = call.params.get("imageManifestMediaType") or manifest.get("mediaType") or DOCKER_MANIFEST
        image = Image(digest, [], _size(manifest), round(call.at, 3), media_type, text)
        images_of(repository).append(image)
    if tag:
        for other in images_of(repository):
            other.tags = [kept for kept in other.tags if kept != tag]
        image.tags.append(tag)
    return {"image": _handed_out(repository, image, tag)}


def _manifest(text: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except ValueError:
        manifest = None
    if not isinstance(manifest, dict):
        message = "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"
        raise AwsError("InvalidParameterException", message)
    return manifest


def _size(manifest: dict[str, Any]) -> int:
    parts = [manifest.get("config"), *(manifest.get("layers") or [])]
    return sum(part.get("size", 0) for part in parts if isinstance(part, dict))


def _check_tag(repository: Repository, image: Image | None, digest: str, tag: str | None) -> None:
    where = f"in the '{repository.name}' repository in registry with id '{repository.account}'"
    if image and (tag is None or tag in image.tags):
        about = f"digest '{digest}' and tag '{tag}'" if tag else f"digest '{digest}'"
        raise AwsError("ImageAlreadyExistsException", f"Image with {about} already exists {where}")
    if tag and repository.mutability == "IMMUTABLE" and find_image(repository, {"imageTag": tag}):
        message = f"The image tag '{tag}' already exists {where} and cannot be overwritten because the repository is immutable."
        raise AwsError("ImageTagAlreadyExistsException", message)
