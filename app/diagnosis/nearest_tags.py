"""The tags of a repository that were probably meant by one that isn't there. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from app.aws.pull_ports import ImageDetail
from app.diagnosis.check_result import Sentence
from app.diagnosis.manifests import is_artifact

MOST_NAMES = 3


def nearest_tags(tag: str, images: Sequence[ImageDetail]) -> list[str]:
    """Return the tags most like this one, else the newest."""
    active = [image for image in images if not image.is_archived and not is_artifact(image)]
    newest = sorted(active, key=lambda image: image.pushed_at.timestamp() if image.pushed_at else 0, reverse=True)
    tags = [each for image in newest for each in image.tags]
    by_case = [
        each
        for each in tags
        if each.lower() == tag.lower() or each.lower() == f"v{tag}".lower() or f"v{each}".lower() == tag.lower()
    ]
    return (by_case or get_close_matches(tag, tags, MOST_NAMES, 0.6) or tags)[:MOST_NAMES]


def told(names: Sequence[str]) -> tuple[Sentence, ...]:
    """Return the evidence that such names exist, none without any."""
    return (Sentence("evidence.nearest", {"names": ", ".join(names)}),) if names else ()
