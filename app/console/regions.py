"""The Regions that this console looks at."""

from __future__ import annotations

from app.bootstrap import Services
from app.errors import Problem


def check_region(services: Services, region: str) -> None:
    """Check that a Region is configured. Raises Problem `region.not_configured`, which names those that are."""
    if region not in services.regions:
        raise Problem("region.not_configured", region=region, regions=", ".join(services.regions))
