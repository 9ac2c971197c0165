"""The state of a container service at a given time: its state, its deployments, its API answer.

Pure: reads data and a time, and changes nothing.
"""

from __future__ import annotations

from typing import Any

from app.sandbox import ids
from app.sandbox.state import Deployment, Service

Answer = dict[str, Any]
SETTLED = ("READY", "RUNNING", "DISABLED")
POWER_IDS = {name: f"{name}-1" for name in ("nano", "micro", "small", "medium", "large", "xlarge")}


def state_of(service: Service, now: float) -> str:
    if service.transition and now < service.transition.until:
        return service.transition.state
    if next_deployment(service, now):
        return "DEPLOYING"
    if service.is_disabled:
        return "DISABLED"
    return "RUNNING" if current_deployment(service, now) else "READY"


def is_gone(service: Service, now: float) -> bool:
    """Return whether its deletion is over."""
    transition = service.transition
    return transition is not None and transition.state == "DELETING" and now >= transition.until


def next_deployment(service: Service, now: float) -> Deployment | None:
    """Return the deployment that is still ACTIVATING."""
    last = service.deployments[-1] if service.deployments else None
    return last if last and now < last.ends_at else None


def current_deployment(service: Service, now: float) -> Deployment | None:
    """Return the newest deployment that succeeded."""
    return next((d for d in reversed(service.deployments) if now >= d.ends_at and not d.failure), None)


def describe_deployment(service: Service, deployment: Deployment, now: float) -> Answer:
    answer: Answer = {
        "version": deployment.version,
        "state": _deployment_state(service, deployment, now),
        "containers": deployment.containers,
        "createdAt": deployment.created_at,
    }
    return {**answer, "publicEndpoint": deployment.endpoint} if deployment.endpoint else answer


def _deployment_state(service: Service, deployment: Deployment, now: float) -> str:
    if now < deployment.ends_at:
        return "ACTIVATING"
    if deployment.failure:
        return "FAILED"
    return "ACTIVE" if deployment is current_deployment(service, now) else "INACTIVE"


def describe(service: Service, now: float) -> Answer:
    """Return the service as the API's `ContainerService`."""
    state = state_of(service, now)
    current, coming = current_deployment(service, now), next_deployment(service, now)
    host = ids.letters("host", service.id, length=13)
    answer: Answer = {
        "containerServiceName": service.name,
        "arn": service.arn,
        "createdAt": service.created_at,
        "location": {"availabilityZone": "all", "regionName": service.region},
        "resourceType": "ContainerService",
        "tags": service.tags,
        "power": service.power,
        "powerId": POWER_IDS[service.power],
        "state": state,
        "scale": service.scale,
        "currentDeployment": describe_deployment(service, current, now) if current else None,
        "nextDeployment": describe_deployment(service, coming, now) if coming else None,
        "isDisabled": service.is_disabled,
        "principalArn": service.role_arn,
        "privateDomainName": f"{service.name}.service.local",
        "publicDomainNames": service.domains,
        "url": f"https://{service.name}.{host}.{service.region}.cs.amazonlightsail.com/",
    }
    detail = _detail(service, state, coming, now)
    if detail:
        answer["stateDetail"] = {"code": detail}
    if service.puller:
        answer["privateRegistryAccess"] = {"ecrImagePullerRole": _describe_puller(service, now)}
    return answer


def _describe_puller(service: Service, now: float) -> Answer:
    puller = service.puller
    shown = puller is not None and puller.is_active and now >= puller.shown_from
    return {"isActive": bool(puller and puller.is_active), "principalArn": puller.arn if puller and shown else ""}


def _detail(service: Service, state: str, coming: Deployment | None, now: float) -> str:
    if state == "PENDING":
        return "CREATING_SYSTEM_RESOURCES"
    if state == "UPDATING" and service.deployments:
        return "ACTIVATING_DEPLOYMENT"
    if state != "DEPLOYING" or coming is None:
        return ""
    done = (now - coming.created_at) / max(coming.ends_at - coming.created_at, 0.001)
    steps = ("CREATING_DEPLOYMENT", "EVALUATING_HEALTH_CHECK", "ACTIVATING_DEPLOYMENT")
    return steps[min(int(done * 3), 2)]
