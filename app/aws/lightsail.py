"""Lightsail container services as plain values. Sends UpdateContainerService only the image puller role's member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.aws.clients import Clients
from app.aws.errors import Call
from app.aws.ports import Answered, Container, ContainerService, Deployment, Role
from app.errors import Problem


@dataclass(frozen=True)
class LightsailContainerServices:
    """`ports.ContainerServices` over boto's client."""

    service: ClassVar = "lightsail"

    clients: Clients
    region: str

    def list_services(self) -> Answered[tuple[ContainerService, ...]]:
        """Return all services of the region, by name (lightsail:GetContainerServices)."""
        answered = self._call("GetContainerServices", "containerServices")
        services = (service_of(raw, self.region) for raw in answered.value)
        return Answered(tuple(sorted(services, key=lambda service: service.name)), answered.request_id)

    def get_service(self, name: str) -> Answered[ContainerService]:
        """Return one service. Raises Problem `service.not_found`."""
        answered = self._call("GetContainerServices", "containerServices", serviceName=name)
        for raw in answered.value:
            return Answered(service_of(raw, self.region), answered.request_id)
        raise Problem("service.not_found", request_id=answered.request_id, region=self.region, service=name)

    def set_role_active(self, name: str, *, active: bool) -> Answered[ContainerService]:
        """Switch the image puller role and nothing else (lightsail:UpdateContainerService).

        Raises Problem `service.not_found`; `service.busy` (retryable) with the state when that refuses updates.
        """
        access = {"ecrImagePullerRole": {"isActive": active}}
        try:
            answered = self._call(
                "UpdateContainerService", "containerService", serviceName=name, privateRegistryAccess=access
            )
        except Problem as problem:
            if problem.code not in {"service.busy", "service.refused"}:
                raise
            raise self._refusal(problem, name) from problem
        return Answered(service_of(answered.value, self.region), answered.request_id)

    def list_deployments(self, name: str) -> Answered[tuple[Deployment, ...]]:
        """Return a service's deployments, newest first (lightsail:GetContainerServiceDeployments)."""
        answered = self._call("GetContainerServiceDeployments", "deployments", serviceName=name)
        deployments = sorted(
            map(deployment_of, answered.value), key=lambda deployment: deployment.version, reverse=True
        )
        return Answered(tuple(deployments), answered.request_id)

    def _refusal(self, problem: Problem, name: str) -> Problem:
        """Return why AWS refused an update: AWS's text seldom says, the service's state does."""
        try:
            service = self.get_service(name).value
        except Problem:
            return problem
        busy = problem.code == "service.busy" or not service.is_settled
        code = "service.busy" if busy else "service.refused"
        params = {"state": service.state, **problem.params}
        return Problem.from_json({**problem.to_json(), "code": code, "retryable": busy, "params": params})

    def _call(self, operation: str, member: str, **arguments: Any) -> Answered[Any]:
        subject = {"service": arguments["serviceName"]} if "serviceName" in arguments else {}
        call = Call("lightsail", operation, self.region, subject)
        answered = self.clients.answer(call, member, **arguments)
        return Answered(answered.value[member], answered.request_id)


def service_of(raw: Mapping[str, Any], region: str) -> ContainerService:
    """Return a service from AWS's answer. Members that older services lack read as empty."""
    arn = raw.get("arn", "")
    detail = raw.get("stateDetail") or {}
    return ContainerService(
        region=region,
        name=raw["containerServiceName"],
        arn=arn,
        account=account_of(arn),
        state=raw.get("state", ""),
        role=role_of(raw),
        state_code=detail.get("code", ""),
        state_message=detail.get("message", ""),
        power=raw.get("power", ""),
        scale=raw.get("scale", 1),
        tags={tag["key"]: tag.get("value", "") for tag in raw.get("tags") or () if tag.get("key")},
        url=raw.get("url", ""),
        private_domain=raw.get("privateDomainName", ""),
        is_disabled=raw.get("isDisabled", False),
        general_principal_arn=raw.get("principalArn", ""),
        created_at=raw.get("createdAt"),
        current_deployment=_deployment_or_none(raw.get("currentDeployment")),
        next_deployment=_deployment_or_none(raw.get("nextDeployment")),
    )


def role_of(raw: Mapping[str, Any]) -> Role:
    """Return the image puller role; services older than May 2022 may lack the whole of `privateRegistryAccess`."""
    role = (raw.get("privateRegistryAccess") or {}).get("ecrImagePullerRole") or {}
    return Role(is_active=bool(role.get("isActive", False)), principal_arn=role.get("principalArn") or "")


def deployment_of(raw: Mapping[str, Any]) -> Deployment:
    """Return one deployment from AWS's answer."""
    endpoint = raw.get("publicEndpoint") or {}
    return Deployment(
        version=raw.get("version", 0),
        state=raw.get("state", ""),
        created_at=raw.get("createdAt"),
        containers=tuple(_container_of(name, container) for name, container in (raw.get("containers") or {}).items()),
        public_container=endpoint.get("containerName", ""),
        public_port=endpoint.get("containerPort"),
        health_check_path=(endpoint.get("healthCheck") or {}).get("path", ""),
        health_check_codes=(endpoint.get("healthCheck") or {}).get("successCodes", ""),
        health_check=dict(endpoint.get("healthCheck") or {}),
    )


def account_of(arn: str) -> str:
    """Return the account id in an ARN, "" if there is none."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""


def _deployment_or_none(raw: Mapping[str, Any] | None) -> Deployment | None:
    return deployment_of(raw) if raw else None


def _container_of(name: str, raw: Mapping[str, Any]) -> Container:
    return Container(
        name=name,
        image=raw.get("image", ""),
        ports=dict(raw.get("ports") or {}),
        command=tuple(raw.get("command") or ()),
        environment=dict(raw.get("environment") or {}),
    )
