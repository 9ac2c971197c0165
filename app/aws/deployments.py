"""Deployments of container services over boto's client. Must never put a value of an environment variable in a Problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from app.aws.clients import Clients
from app.aws.deployment_ports import DeployedVersion, DeploymentSpec
from app.aws.errors import Call
from app.aws.ports import Answered
from app.errors import Problem

# A shorter value would stand in a text by chance.
_SHORTEST_VALUE: Final = 3


@dataclass(frozen=True)
class LightsailDeployments:
    """`deployment_ports.ServiceDeployments` over boto's client."""

    service: ClassVar = "lightsail"

    clients: Clients
    region: str

    def list_versions(self, service: str) -> Answered[tuple[DeployedVersion, ...]]:
        """Return a service's deployments, newest first (lightsail:GetContainerServiceDeployments)."""
        answered = self._answer("GetContainerServiceDeployments", "deployments", service)
        versions = sorted(map(_version_of, answered.value["deployments"]), key=lambda each: each.version, reverse=True)
        return Answered(tuple(versions), answered.request_id)

    def deploy(self, service: str, spec: DeploymentSpec) -> Answered[int]:
        """Deploy `spec`; return the newest version in the answer (lightsail:CreateContainerServiceDeployment).

        Raises:
            Problem: AWS's own text is left out where it repeats a value of an environment variable.
        """
        request: dict[str, Any] = {"containers": {name: dict(each) for name, each in spec.containers.items()}}
        if spec.public_endpoint:
            request["publicEndpoint"] = dict(spec.public_endpoint)
        problem: Problem | None = None
        try:
            answered = self._answer("CreateContainerServiceDeployment", "containerService", service, **request)
        except Problem as refused:
            problem = _without_values(refused, spec)
        if problem is not None:  # outside the handler, so that nothing leads to the text that was left out
            raise problem
        shown = answered.value["containerService"]
        versions = [(shown.get(name) or {}).get("version", 0) for name in ("nextDeployment", "currentDeployment")]
        return Answered(max(versions), answered.request_id)

    def _answer(self, operation: str, member: str, service: str, **arguments: Any) -> Answered[Mapping[str, Any]]:
        call = Call("lightsail", operation, self.region, {"service": service})
        return self.clients.answer(call, member, serviceName=service, **arguments)


def _version_of(raw: Mapping[str, Any]) -> DeployedVersion:
    spec = DeploymentSpec(raw.get("containers") or {}, raw.get("publicEndpoint") or None)
    return DeployedVersion(raw.get("version", 0), raw.get("state", ""), raw.get("createdAt"), spec)


def _without_values(problem: Problem, spec: DeploymentSpec) -> Problem:
    """Return the problem, without AWS's text where that holds a value."""
    message = problem.aws_message
    if any(value in message for value in _values(spec)):
        message = ""
    return Problem.from_json({**problem.to_json(), "aws_message": message})


def _values(spec: DeploymentSpec) -> Iterator[str]:
    for container in spec.containers.values():
        for value in (container.get("environment") or {}).values():
            yield from (part for part in {value, *value.split()} if len(part) >= _SHORTEST_VALUE)
