"""The demo's deployments: past and current ones, and some that failed for the same reasons as real ones."""

from __future__ import annotations

from typing import Any

from app.sandbox.behavior import CANCELED, CHECKER, TOOK_TOO_LONG
from app.sandbox.call import DEFAULT_ACCOUNT
from app.sandbox.images import find_image
from app.sandbox.pulls import ECR_IMAGE
from app.sandbox.state import Deployment, Service, World
from app.sandbox.stored_images import store_image

MAIN, TOKYO = "us-east-1", "ap-northeast-1"
DAY = 86_400.0
STILL_DEPLOYING = 1_800.0
FAILED_AFTER = 600.0


def container(image: str, port: str = "8080", **environment: str) -> dict[str, Any]:
    return {"image": image, "command": [], "environment": environment, "ports": {port: "HTTP"}}


def _ecr(region: str, repository: str, tag: str, account: str = DEFAULT_ACCOUNT) -> str:
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}"


def _endpoint(container: str, port: int) -> dict[str, Any]:
    check = {"healthyThreshold": 2, "unhealthyThreshold": 2, "timeoutSeconds": 2, "intervalSeconds": 5}
    return {
        "containerName": container,
        "containerPort": port,
        "healthCheck": {**check, "path": "/healthz", "successCodes": "200-299"},
    }


def deploy(
    service: Service,
    at: float,
    containers: dict[str, Any],
    *,
    seconds: float = 90.0,
    failure: str = "",
    cause: str = "",
    lines: tuple[str, ...] = (),
) -> None:
    """Add a deployment that began at a given time; `lines` are the log of its first container."""
    version = len(service.deployments) + 1
    name, first = next(iter(containers.items()))
    endpoint = _endpoint(name, int(next(iter(first["ports"]))))
    deployment = Deployment(version, round(at, 3), at + seconds, containers, endpoint, failure, cause, starts_at=at)
    deployment.log = {name: [(at + 20 + 5 * number, line) for number, line in enumerate(lines)]}
    service.deployments.append(deployment)


def deploy_all(world: World, now: float) -> None:
    """Add the deployments of every service of the demo."""
    services = world.home(DEFAULT_ACCOUNT, MAIN).services
    web = services["storefront-web"]
    for tag, age in (("5.2.0", 40), ("5.2.1", 21), ("5.3.0", 2)):
        sidecar = container(_ecr(MAIN, "storefront/nginx-sidecar", "1.27.3"), "80")
        app = container(_ecr(MAIN, "storefront/web", tag), "3000", NODE_ENV="production")
        deploy(web, now - age * DAY, {"nginx": sidecar, "web": app}, lines=("nginx/1.27.3", "start worker processes"))
    _store(services["payments-api"], "api", now - 33 * DAY, 2)
    deploy(services["payments-api"], now - 33 * DAY, {"api": container(":payments-api.api.2")})
    deploy(
        services["batch-worker"], now - 300 * DAY, {"worker": container("public.ecr.aws/docker/library/busybox:1.36")}
    )
    services["batch-worker"].is_disabled = True
    _store(services["reporting"], "app", now - 64 * DAY, 1)
    deploy(services["reporting"], now - 64 * DAY, {"app": container(":reporting.app.1")})
    edge = services["edge-cache"]
    deploy(edge, now - 17 * DAY, {"cache": container(_ecr(MAIN, "edge/cache", "7.4.2"), "6081")})
    deploy(edge, now - 40, {"cache": container(_ecr(MAIN, "edge/cache", "7.5.0"), "6081")}, seconds=STILL_DEPLOYING)
    deploy(services["legacy-blog"], now - 900 * DAY, {"blog": container("wordpress:5.8-apache", "80")})
    tokyo = world.home(DEFAULT_ACCOUNT, TOKYO).services["tokyo-api"]
    deploy(tokyo, now - 11 * DAY, {"api": container(_ecr(TOKYO, "tokyo/api", "1.3.0"))})
    _fail_some(services, tokyo, now)
    _record_pulls(world, (*services.values(), tokyo))


def _fail_some(services: dict[str, Service], tokyo: Service, now: float) -> None:
    """Add three failures: the wrong role is granted, the image is archived, the health check's page is missing."""
    wrong_role = {"app": container(_ecr(MAIN, "analytics/reports", "1.9.0"))}
    deploy(services["reporting"], now - 2.4 * DAY, wrong_role, failure=CANCELED, cause="app: policy")
    archived = {"api": container(_ecr(TOKYO, "tokyo/api", "1.2.0"))}
    deploy(tokyo, now - 1.5 * DAY, archived, failure=CANCELED, cause="api: image")
    unhealthy = {"blog": container("wordpress:6.8-apache", "80")}
    check = f'"GET /healthz HTTP/1.1" 404 "{CHECKER}"'
    lines = ("Apache/2.4.62 (Debian) configured -- resuming normal operations", check, check)
    deploy(
        services["legacy-blog"],
        now - 1.2 * DAY,
        unhealthy,
        seconds=FAILED_AFTER,
        failure=TOOK_TOO_LONG,
        cause="blog: health_check_path",
        lines=lines,
    )


def _record_pulls(world: World, deployed: tuple[Service, ...]) -> None:
    """Record the pulls of all deployments that did not fail."""
    for service in deployed:
        for deployment in service.deployments:
            for each in () if deployment.failure else deployment.containers.values():
                _record_pull(world, each["image"], deployment.created_at)


def _record_pull(world: World, reference: str, at: float) -> None:
    match = ECR_IMAGE.fullmatch(reference)
    if match:
        repository = world.home(match[1], match[2]).repositories[match[3]]
        image = find_image(repository, {"imageTag": match[4]})
        if image:
            image.pulled_at = round(at, 3)


def _store(service: Service, label: str, at: float, count: int) -> None:
    """Add images pushed to the service itself, an hour after each other."""
    for hours in range(count, 0, -1):
        store_image(service, label, at - hours * 3_600)
