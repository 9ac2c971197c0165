"""The causes: a fixed, published list. Each has a permanent code, a title, an explanation, and fixes. Plain data."""

from __future__ import annotations

from typing import Final

from app.diagnosis.causes import containers, images, places, policies
from app.diagnosis.causes.cause import Cause

__all__ = ["CAUSES", "Cause"]

CAUSES: Final[dict[str, Cause]] = {**places.CAUSES, **policies.CAUSES, **images.CAUSES, **containers.CAUSES}
