"""The platforms in a manifest, and whether it is an image at all. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from app.aws.pull_ports import ImageDetail, Manifest

RUNS: Final = "linux/amd64"
UNKNOWN: Final = "unknown/unknown"
INDEXES: Final = frozenset(
    {"application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json"}
)
_CONFIGS: Final = frozenset(
    {"application/vnd.docker.container.image.v1+json", "application/vnd.oci.image.config.v1+json", ""}
)


def is_index(media_type: str) -> bool:
    """Return whether a manifest is an index over images of several platforms."""
    return media_type in INDEXES


def is_artifact(detail: ImageDetail) -> bool:
    """Return whether this is a signature, an SBOM, a chart or the like: nothing that a container can run."""
    if detail.subject or detail.artifact_type not in _CONFIGS:
        return True
    return bool(detail.tags) and all(_is_signature_tag(tag) for tag in detail.tags)


def _is_signature_tag(tag: str) -> bool:
    """Return whether it is a cosign tag of something attached to an image: `sha256-<digest>.sig`."""
    return tag.startswith("sha256-") and tag.endswith((".sig", ".att", ".sbom"))


def platforms(manifest: Manifest) -> tuple[str, ...]:
    """Return the platforms of an index, attestations left out."""
    names = (platform_of(entry.get("platform")) for entry in _entries(manifest))
    return tuple(dict.fromkeys(name for name in names if name and name != UNKNOWN))


def names_all(manifest: Manifest) -> bool:
    """Return whether each image of an index has its platform there, which OCI leaves to whoever makes the index."""
    return all(platform_of(entry.get("platform")) or _is_attestation(entry) for entry in _entries(manifest))


def _is_attestation(entry: Mapping[str, Any]) -> bool:
    annotations = entry.get("annotations")
    return isinstance(annotations, Mapping) and annotations.get("vnd.docker.reference.type") == "attestation-manifest"


def child(manifest: Manifest) -> str:
    """Return the digest of the index's image for `RUNS`, "" for none."""
    for entry in _entries(manifest):
        if platform_of(entry.get("platform")) == RUNS:
            return str(entry.get("digest", ""))
    return ""


def config_digest(manifest: Manifest) -> str:
    """Return the digest of a single image's config, "" for none."""
    config = manifest.members.get("config")
    return str(config.get("digest", "")) if isinstance(config, Mapping) else ""


def platform_of(value: Any) -> str:
    """Return `linux/arm64` from an index entry's platform or an image's config, "" if it has none.

    The variant only where it is needed to name the architecture, as `docker` writes it: `linux/arm/v7`, but `linux/arm64`
    and `linux/amd64` for each of theirs.
    """
    if not isinstance(value, Mapping) or not value.get("architecture"):
        return ""
    name = f"{value.get('os') or 'linux'}/{value['architecture']}"
    return f"{name}/{value['variant']}" if value["architecture"] == "arm" and value.get("variant") else name


def _entries(manifest: Manifest) -> Iterable[Mapping[str, Any]]:
    entries = manifest.members.get("manifests")
    return [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else ()
