"""`deployment_ports.ServiceDeployments` in memory: versions that become active, or fail, after a while of the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from app.aws.deployment_ports import DeployedVersion, DeploymentSpec
from app.aws.lightsail import deployment_of
from app.aws.ports import Answered, ContainerService, Deployment
from app.errors import Problem
from tests.build import LONG_AGO

if TYPE_CHECKING:
    from tests.fakes import FakeAws


@dataclass
class FakeVersions:
    """The deployments of one service. `seconds` is how long one takes; the next `failures` of them fail."""

    seconds: float = 30.0
    failures: int = 0
    made: list[tuple[DeployedVersion, datetime, bool]] = field(default_factory=list)

    def add(self, spec: DeploymentSpec, now: datetime) -> int:
        failed, self.failures = self.failures > 0, max(0, self.failures - 1)
        version = self.made[-1][0].version + 1 if self.made else 1
        made = DeployedVersion(version, "ACTIVATING", now, spec)
        self.made.append((made, now + timedelta(seconds=self.seconds), failed))
        return version

    def end(self, now: datetime) -> None:
        """Let the newest have taken until now, and those after it as long as usual."""
        version, _, failed = self.made[-1]
        self.made[-1] = (version, now, failed)
        self.seconds = FakeVersions.seconds

    def at(self, now: datetime) -> tuple[DeployedVersion, ...]:
        """Newest first, each in its state."""
        states: list[DeployedVersion] = []
        active = False
        for made, ends_at, failed in reversed(self.made):
            if now < ends_at:
                state = "ACTIVATING"
            elif failed:
                state = "FAILED"
            else:
                state, active = "INACTIVE" if active else "ACTIVE", True
            states.append(replace(made, state=state))
        return tuple(states)

    def described(self, now: datetime) -> tuple[Deployment, ...]:
        return tuple(map(described, self.at(now)))

    def shown_in(self, service: ContainerService, now: datetime) -> ContainerService:
        """The service with what it runs and what is on its way."""
        if not self.made:
            return service
        versions = self.at(now)
        current = next((described(each) for each in versions if each.state == "ACTIVE"), None)
        coming = next((described(each) for each in versions if each.state == "ACTIVATING"), None)
        state = service.state
        if state in {"RUNNING", "READY"}:
            state = "DEPLOYING" if coming else "RUNNING" if current else "READY"
        return replace(service, state=state, current_deployment=current, next_deployment=coming)


def described(version: DeployedVersion) -> Deployment:
    return deployment_of(
        {
            "version": version.version,
            "state": version.state,
            "createdAt": version.created_at or LONG_AGO,
            "containers": version.spec.containers,
            "publicEndpoint": version.spec.public_endpoint,
        }
    )


@dataclass(frozen=True)
class FakeDeployments:
    aws: FakeAws
    region: str

    def list_versions(self, service: str) -> Answered[tuple[DeployedVersion, ...]]:
        with self.aws.lock:
            request_id = self.aws.called("lightsail:GetContainerServiceDeployments", self.region)
            return Answered(self._known(service).deployed.at(self.aws.clock.now()), request_id)

    def deploy(self, service: str, spec: DeploymentSpec) -> Answered[int]:
        action = "lightsail:CreateContainerServiceDeployment"
        with self.aws.lock:
            request_id = self.aws.called(action, self.region)
            known, now = self._known(service), self.aws.clock.now()
            state = self.aws.as_seen_now(known).state
            if state not in {"READY", "RUNNING"}:
                raise Problem("service.busy", retryable=True, service=service, region=self.region, state=state)
            known.deployed.add(spec, now)
            shown = known.deployed.shown_in(known.shown, now)  # as AWS answers: without one that has failed at once
            there = [each.version for each in (shown.next_deployment, shown.current_deployment) if each]
            return self.aws.answer(action, max(there, default=0), request_id, self.region)

    def _known(self, name: str) -> Any:
        known = self.aws.known_services.get((self.region, name))
        if known is None:
            raise Problem("service.not_found", service=name, region=self.region)
        return known


def deployed_before(aws: FakeAws, service: str, *specs: DeploymentSpec, region: str = "us-east-1") -> FakeVersions:
    """Let a service have deployed these, long ago and well."""
    versions: FakeVersions = aws.known_services[region, service].deployed
    for spec in specs:
        versions.add(spec, LONG_AGO)
    return versions


def containers_of(versions: Sequence[DeployedVersion]) -> list[dict[str, Any]]:
    return [dict(each.spec.containers) for each in versions]
