"""The platform of an image in the Deploy dialog, which was read on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from app.console.image_platform import ImagePlatform
from app.diagnosis.manifests import RUNS
from app.diagnosis.platforms import Fit
from app.errors import Problem
from app.web.views.base import View
from app.wording import N_, Message

_FITS: Final = {
    Fit.RUNS: N_("%(image)s is for %(runs)s, which Lightsail runs."),
    Fit.NOT_IN_INDEX: N_("%(image)s has no image for %(runs)s, so Lightsail can't run it. Platforms: %(platforms)s"),
    Fit.OTHER: N_("%(image)s is for %(platforms)s. Lightsail runs %(runs)s only."),
    Fit.ATTESTATIONS_ONLY: N_("%(image)s is an index of attestations without an image, so no container can run it."),
    Fit.IMAGE_MISSING: N_("The image for %(runs)s that %(image)s refers to was deleted or archived."),
    Fit.UNKNOWN: N_("The manifest of %(image)s doesn't say for which platform it is."),
}
_TONES: Final = {Fit.RUNS: "success", Fit.UNKNOWN: "warning"}


@dataclass(frozen=True)
class PlatformView(View):
    """POST …/deployments/platform: whether Lightsail runs the image, or why that can't be told."""

    page: ClassVar[str] = "partials/image_platform.html"
    partial: ClassVar[str] = "partials/image_platform.html"

    message: Message | None = None
    tone: str = ""
    problem: Problem | None = None


def platform_view(read: ImagePlatform) -> PlatformView:
    """Return what was read as a sentence."""
    params: dict[str, str | int] = {
        "image": read.reference[: len("sha256:") + 12],
        "runs": RUNS,
        "platforms": ", ".join(read.fit.platforms),
    }
    return PlatformView(Message(_FITS[read.fit.fit], params), _TONES.get(read.fit.fit, "error"))
