"""Manifests: generated plausible ones, and the data in a manifest. Pure.

Everything is derived from names and numbers, so that digests are the same in every run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from app.sandbox import ids
from app.sandbox.state import Image

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
IN_TOTO = "application/vnd.in-toto+json"
COSIGN_SIGNATURE = "application/vnd.dev.cosign.simplesigning.v1+json"
NOTATION_SIGNATURE = "application/vnd.cncf.notary.signature"
SPDX = "application/spdx+json"
INDEXES = frozenset({DOCKER_LIST, OCI_INDEX})
IMAGE_CONFIGS = frozenset({DOCKER_CONFIG, OCI_CONFIG})
LINUX, UNKNOWN = "linux/amd64", "unknown/unknown"
Manifest = dict[str, Any]


def sha256(data: str) -> str:
    """Return the digest of a text, as registries write it."""
    return f"sha256:{hashlib.sha256(data.encode()).hexdigest()}"


def _blob(media_type: str, size: int, *parts: object) -> Manifest:
    return {"mediaType": media_type, "size": size, "digest": f"sha256:{ids.digest(*parts, 'blob').hex()}"}


def _text_blob(media_type: str, text: str) -> Manifest:
    return {"mediaType": media_type, "size": len(text.encode()), "digest": sha256(text)}


def _platform(platform: str) -> dict[str, str]:
    system, architecture, *variant = platform.split("/")
    return {"architecture": architecture, "os": system, **({"variant": variant[0]} if variant else {})}


def make_image(
    repository: str, number: int, tags: list[str], size: int, pushed_at: float, *, platform: str = LINUX
) -> Image:
    """Return a Docker image of one platform, whose config blob names that platform.

    Args:
        repository, number: what the image is derived from.
        tags: may be empty.
        size: of its config and its layers together, in bytes.
        pushed_at: seconds since 1970.
        platform: operating system, architecture and, if any, its variant: `linux/arm64`, `linux/arm/v7`.
    """
    diffs = [f"sha256:{ids.digest(repository, number, platform, part).hex()}" for part in ("base", "app")]
    config = {
        **_platform(platform),
        "config": {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"], "Entrypoint": ["/docker-entrypoint.sh"]},
        "rootfs": {"type": "layers", "diff_ids": diffs},
        "history": [{"created_by": f"{repository} {number}"}],
    }
    text = json.dumps(config, separators=(",", ":"))
    layers = [
        _blob(DOCKER_LAYER, size // 3, repository, number, platform, "base"),
        _blob(DOCKER_LAYER, size - size // 3 - len(text), repository, number, platform, "app"),
    ]
    manifest = {
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": _text_blob(DOCKER_CONFIG, text),
        "layers": layers,
    }
    image = _image(manifest, tags, size, pushed_at, indent=3)
    image.config = text
    return image


def make_attestation(repository: str, number: int, subject: Image, pushed_at: float) -> Image:
    """Return the provenance that buildx pushes beside an image: a manifest that no container can run."""
    text = json.dumps({**_platform(UNKNOWN), "config": {}, "rootfs": {"type": "layers", "diff_ids": []}})
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _text_blob(OCI_CONFIG, text),
        "layers": [_blob(IN_TOTO, 8_213, repository, number, "provenance", subject.digest)],
    }
    image = _image(manifest, [], 8_213, pushed_at)
    image.config = text
    return image


def make_index(tags: list[str], children: Sequence[tuple[Image, str]], pushed_at: float) -> Image:
    """Return an OCI index over images, each with its platform; `unknown/unknown` marks an attestation."""
    runnable = next((image.digest for image, platform in children if platform != UNKNOWN), "")
    index = {
        "schemaVersion": 2,
        "mediaType": OCI_INDEX,
        "manifests": [_entry(image, platform, runnable) for image, platform in children],
    }
    # An index is as large as the largest of its manifests (API reference, `ImageDetail`).
    return _image(index, tags, max((image.size for image, _ in children), default=0), pushed_at)


def _entry(image: Image, platform: str, runnable: str) -> Manifest:
    entry = {
        "mediaType": image.media_type,
        "digest": image.digest,
        "size": len(image.manifest.encode()),
        "platform": _platform(platform),
    }
    if platform == UNKNOWN:
        reference = {"type": "attestation-manifest", "digest": runnable}
        entry["annotations"] = {f"vnd.docker.reference.{name}": value for name, value in reference.items()}
    return entry


def make_referrer(subject: Image, artifact_type: str, pushed_at: float) -> Image:
    """Return an artifact that refers to an image, as OCI 1.1 has it: a signature, an SBOM."""
    layer = _blob(artifact_type, 2_318, "referrer", artifact_type, subject.digest)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": artifact_type,
        "config": _text_blob(OCI_EMPTY, "{}"),
        "layers": [layer],
        "subject": {
            "mediaType": subject.media_type,
            "size": len(subject.manifest.encode()),
            "digest": subject.digest,
        },
    }
    return _image(manifest, [], layer["size"], pushed_at)


def make_tagged_signature(subject: Image, pushed_at: float) -> Image:
    """Return a signature as cosign pushes it by default: found only by its tag, `sha256-….sig`."""
    text = json.dumps({"architecture": "", "config": {}, "os": "", "rootfs": {"type": "layers", "diff_ids": []}})
    layer = _blob(COSIGN_SIGNATURE, 243, "cosign", subject.digest)
    manifest = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": _text_blob(OCI_CONFIG, text),
        "layers": [layer],
    }
    return _image(manifest, [f"{subject.digest.replace(':', '-')}.sig"], layer["size"], pushed_at)


def _image(manifest: Manifest, tags: list[str], size: int, pushed_at: float, indent: int = 2) -> Image:
    return image_of(json.dumps(manifest, indent=indent), manifest, tags, size, pushed_at)


def image_of(
    text: str, manifest: Manifest, tags: list[str], size: int, pushed_at: float, *, media_type: str = ""
) -> Image:
    """Return the image that a manifest describes, with its own media type unless another is given."""
    config, subject = manifest.get("config"), manifest.get("subject")
    artifact_type = manifest.get("artifactType") or (config.get("mediaType", "") if isinstance(config, dict) else "")
    return Image(
        sha256(text),
        tags,
        size,
        round(pushed_at, 3),
        media_type or manifest["mediaType"],
        text,
        artifact_media_type=str(artifact_type),
        subject=str(subject.get("digest", "")) if isinstance(subject, dict) else "",
    )


def blobs_of(manifest: Manifest) -> list[Manifest]:
    """Return the config and the layers that the manifest refers to."""
    return [part for part in (manifest.get("config"), *_list(manifest.get("layers"))) if isinstance(part, dict)]


def children_of(manifest: Manifest) -> list[Manifest]:
    """Return the entries of an index; none for a manifest of one image."""
    return [entry for entry in _list(manifest.get("manifests")) if isinstance(entry, dict)]


def _list(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else []


def platform_of(entry: Manifest) -> str:
    """Return the platform of an index's entry, or of an image's config, without its variant: `linux/amd64`.

    "" for one that names none.
    """
    platform = entry.get("platform", entry)
    if not isinstance(platform, dict) or not platform.get("architecture"):
        return ""
    return f"{platform.get('os', '')}/{platform['architecture']}"
