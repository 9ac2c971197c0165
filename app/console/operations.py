"""Operations as they stand, and what may be done about each."""

from __future__ import annotations

from app.bootstrap import Services
from app.operations.progress import Progress
from app.operations.read import list_running


def running(services: Services, region: str = "", service: str = "") -> tuple[Progress, ...]:
    """The live operations of a service, or of all."""
    return list_running(services.db, services.connection, region, service)
