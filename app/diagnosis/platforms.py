"""Whether a manifest's image is for Lightsail's one platform. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.aws.pull_ports import Manifest
from app.diagnosis.manifests import RUNS, UNKNOWN, is_index, names_all, platforms


class Fit(StrEnum):
    """How an image fits `RUNS`."""

    RUNS = "runs"
    NOT_IN_INDEX = "not_in_index"
    OTHER = "other"
    ATTESTATIONS_ONLY = "attestations_only"
    IMAGE_MISSING = "image_missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PlatformFit:
    """How an image fits, and the platforms that it is for."""

    fit: Fit
    platforms: tuple[str, ...] = ()


def fit_of(manifest: Manifest, config_platform: str | None = None, *, child_missing: bool = False) -> PlatformFit:
    """Return how the image fits.

    Args:
        manifest: of the image.
        config_platform: that of a single image's config, "" if the config names none; None if it wasn't read.
        child_missing: the image that an index refers to for `RUNS` is gone or archived.
    """
    if is_index(manifest.media_type):
        return _of_index(manifest, child_missing=child_missing)
    if not config_platform:
        return PlatformFit(Fit.UNKNOWN)
    if config_platform == UNKNOWN:  # as BuildKit writes it for what it attaches to an image
        return PlatformFit(Fit.ATTESTATIONS_ONLY, (config_platform,))
    return PlatformFit(Fit.RUNS if config_platform == RUNS else Fit.OTHER, (config_platform,))


def _of_index(manifest: Manifest, *, child_missing: bool) -> PlatformFit:
    names = platforms(manifest)
    if RUNS not in names and not names_all(manifest):
        return PlatformFit(Fit.UNKNOWN, names)
    if not names:
        return PlatformFit(Fit.ATTESTATIONS_ONLY)
    if RUNS not in names:
        return PlatformFit(Fit.NOT_IN_INDEX, names)
    return PlatformFit(Fit.IMAGE_MISSING if child_missing else Fit.RUNS, names)
