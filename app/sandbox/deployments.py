"""Deployments of container services: what the API refuses, and whether the images can be pulled.

Must never evaluate a policy itself: `policy_access` does.
"""

from __future__ import annotations

import re
from typing import Any

from app.sandbox.images import find_image
from app.sandbox.lightsail_errors import invalid
from app.sandbox.policy_access import allows
from app.sandbox.state import Deployment, Service, World

CONTAINER_NAME = "^(?:[a-z0-9]{1,2}|[a-z0-9][a-z0-9-]+[a-z0-9])$"
IMAGE_EXAMPLE = "Example of valid image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/my-repository:1.0"
ECR_IMAGE = re.compile(
    r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?"
)
PUBLIC_IMAGE = re.compile(r"[a-z0-9][\w./:@-]*")
PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
DEPLOYMENTS_KEPT = 50
MOST_CONTAINERS = 10
HEALTH_CHECK = {
    "healthyThreshold": 2,
    "unhealthyThreshold": 2,
    "timeoutSeconds": 2,
    "intervalSeconds": 5,
    "path": "/",
    "successCodes": "200-499",
}


def begin_deployment(world: World, service: Service, asked: dict[str, Any], now: float, starts_at: float) -> None:
    """Add a deployment to the service; raises what Lightsail answers to one that cannot be."""
    containers, endpoint = asked.get("containers") or {}, asked.get("publicEndpoint")
    _check(service, containers, endpoint)
    version = service.deployments[-1].version + 1 if service.deployments else 1
    ends_at = starts_at + world.options.deployment_seconds
    deployment = Deployment(version, round(now, 3), ends_at, containers, _with_defaults(endpoint))
    deployment.failure = _failure(world, service, containers, now)
    service.deployments.append(deployment)
    del service.deployments[:-DEPLOYMENTS_KEPT]


def _with_defaults(endpoint: dict[str, Any] | None) -> dict[str, Any] | None:
    if endpoint is None:
        return None
    return {**endpoint, "healthCheck": {**HEALTH_CHECK, **(endpoint.get("healthCheck") or {})}}


def _check(service: Service, containers: dict[str, Any], endpoint: dict[str, Any] | None) -> None:
    if not containers:
        raise invalid("A deployment needs at least one container.")
    if len(containers) > MOST_CONTAINERS:
        raise invalid(f"A deployment can have at most {MOST_CONTAINERS} containers.")
    for name, container in containers.items():
        if not re.match(CONTAINER_NAME, name):
            raise invalid(f'Container name "{name}" does not match pattern: {CONTAINER_NAME}')
        _check_image(service, name, container.get("image") or "")
    if endpoint is None:
        return
    ports = (containers.get(endpoint["containerName"]) or {}).get("ports") or {}
    if str(endpoint["containerPort"]) not in ports:
        raise invalid(
            "Invalid port specified. You must specify a port that is in the list of ports of the specified container."
        )


def _check_image(service: Service, container: str, image: str) -> None:
    if image.startswith(":"):
        if not re.fullmatch(rf":{re.escape(service.name)}\.[a-z0-9-]+\.(\d+|latest)", image):
            raise invalid(f'Container "{container}" has invalid image "{image}". {IMAGE_EXAMPLE}')
        if image not in {stored["image"] for stored in service.images}:
            raise invalid("The image does not exist in your stored images")
    elif not PUBLIC_IMAGE.fullmatch(image):
        raise invalid(f'Container "{container}" has invalid image "{image}". {IMAGE_EXAMPLE}')


def _failure(world: World, service: Service, containers: dict[str, Any], now: float) -> str:
    images = (ECR_IMAGE.fullmatch(container["image"]) for container in containers.values())
    return "" if all(_can_pull(world, service, image, now) for image in images if image) else "Canceled"


def _can_pull(world: World, service: Service, image: re.Match[str], now: float) -> bool:
    account, region, name, tag, digest = image.groups()
    home = world.homes.get((account, region))
    repository = home.repositories.get(name) if home else None
    puller = service.puller
    if repository is None or region != service.region or puller is None or not puller.is_active:
        return False
    if now < puller.shown_from or not world.principals.exists(puller.arn, now):
        return False
    document = repository.policy.document if repository.policy else None
    wanted = {"imageDigest": digest} if digest else {"imageTag": tag or "latest"}
    return all(allows(document, puller.arn, action) for action in PULL_ACTIONS) and bool(find_image(repository, wanted))
