"""Deployments as they are sent to AWS, environment values included: held in memory for one call, never kept or shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from app.aws.ports import Answered


@dataclass(frozen=True)
class DeploymentSpec:
    """What a deployment runs, as AWS's API takes and returns it, members that Sailpass doesn't know included.

    Values of environment variables are in `containers`: nothing may log, store or show it whole, so `repr` leaves it out.
    """

    containers: Mapping[str, Mapping[str, Any]] = field(repr=False)
    public_endpoint: Mapping[str, Any] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class DeployedVersion:
    """One version of a service's deployment. `state`: ACTIVATING, ACTIVE, INACTIVE or FAILED."""

    version: int
    state: str
    created_at: datetime | None
    spec: DeploymentSpec


class ServiceDeployments(Protocol):
    """Deployments of the container services of one Region. Every method raises Problem."""

    def list_versions(self, service: str) -> Answered[tuple[DeployedVersion, ...]]:
        """Return a service's deployments, newest first (lightsail:GetContainerServiceDeployments)."""

    def deploy(self, service: str, spec: DeploymentSpec) -> Answered[int]:
        """Deploy `spec` in place of everything that the service runs; return the newest version that the answer shows.

        It is sent once (lightsail:CreateContainerServiceDeployment), since each call that AWS takes is a deployment of
        its own. One that has failed by the time of the answer is not in it. Raises Problem `service.busy` (retryable) while the service deploys or is updated.
        """
