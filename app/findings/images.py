"""Images that a service's deployment names and that can't be pulled any more. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from app.findings.finding import AccessFinding
from app.inventory.deployed_images import ImageState, ImageUse
from app.policy.finding import Severity

_CODES = {
    ImageState.GONE: "finding.image_gone",
    ImageState.ARCHIVED: "finding.image_archived",
    ImageState.NO_REPOSITORY: "finding.repository_gone",
}
CODES = frozenset(_CODES.values())
"""The codes of findings about images: the access may be right all the same."""


def of_images(region: str, images: Iterable[ImageUse]) -> Iterator[AccessFinding]:
    """Yield a finding for each image that ECR doesn't have, or can't give out.

    A current deployment runs on: a warning. One that is being activated fails: an error.
    """
    for image in images:
        code = _CODES.get(image.state)
        if code is None:
            continue
        yield AccessFinding(
            region,
            image.key.repository,
            code,
            Severity.ERROR if image.is_next else Severity.WARNING,
            service=image.service,
            params={
                "service": image.service,
                "repository": image.key.repository,
                "reference": image.key.tag or image.key.digest,
                "version": image.version,
            },
        )
