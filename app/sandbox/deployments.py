"""Deployments of container services: created, their images pulled when due, and how they end."""

from __future__ import annotations

from typing import Any

from app.sandbox.behavior import CANCELED, ORDINARY, TOOK_TOO_LONG, Behavior, Run, run
from app.sandbox.deployment_checks import check_deployment, with_defaults
from app.sandbox.manifests import LINUX
from app.sandbox.pulls import pull
from app.sandbox.state import Deployment, Service, World

DEPLOYMENTS_KEPT = 50
EXEC_FORMAT = "exec /docker-entrypoint.sh: exec format error"


def begin_deployment(world: World, service: Service, request: dict[str, Any], now: float, starts_at: float) -> None:
    """Add a deployment to the service.

    Args:
        world: where repositories, policies and behaviors are.
        service: the service to deploy to.
        request: `containers` and `publicEndpoint`, as the API takes them.
        now: when it was created, in seconds since 1970.
        starts_at: when it starts, later than that if the service has to be created first.

    Raises:
        AwsError: Lightsail's answer to an invalid one.
    """
    containers, endpoint = request.get("containers") or {}, request.get("publicEndpoint")
    check_deployment(service, containers, endpoint)
    version = service.deployments[-1].version + 1 if service.deployments else 1
    ends_at = starts_at + max(world.options.deployment_seconds, world.options.pull_seconds)
    deployment = Deployment(version, round(now, 3), ends_at, containers, with_defaults(endpoint), starts_at=starts_at)
    deployment.pulls_at, deployment.is_pulled = starts_at + world.options.pull_seconds, False
    service.deployments.append(deployment)
    del service.deployments[:-DEPLOYMENTS_KEPT]
    world.pulls.append((service, deployment))
    pull_due(world, now)


def pull_due(world: World, now: float) -> None:
    """Pull the images of every deployment whose pull is due, as of its due time.

    Called before every read and change of the world, so nothing has changed since the pull was due.
    """
    if not world.pulls or min(deployment.pulls_at for _, deployment in world.pulls) > now:
        return
    due = [each for each in world.pulls if each[1].pulls_at <= now]
    world.pulls = [each for each in world.pulls if each[1].pulls_at > now]
    for service, deployment in sorted(due, key=lambda each: each[1].pulls_at):
        _settle(world, service, deployment)
    world.changes += 1


def _settle(world: World, service: Service, deployment: Deployment) -> None:
    """Pull every image, run every container, and record how the deployment ends and when."""
    now = deployment.pulls_at
    deployment.is_pulled = True
    pulls = {name: pull(world, service, each["image"], now) for name, each in deployment.containers.items()}
    failed = next((name for name, each in pulls.items() if each.cause), "")
    if failed:
        deployment.failure, deployment.cause = CANCELED, f"{failed}: {pulls[failed].cause}"
        return
    runs = {name: _run(world, service, deployment, name, each.platform) for name, each in pulls.items()}
    written_at = max(now, deployment.created_at)
    deployment.log = {name: [(written_at, line) for line in each.lines] for name, each in runs.items()}
    unhealthy = next((name for name, each in runs.items() if each.cause), "")
    if unhealthy:
        deployment.failure, deployment.cause = TOOK_TOO_LONG, f"{unhealthy}: {runs[unhealthy].cause}"
        deployment.ends_at = max(now, deployment.starts_at + world.options.patience_seconds)
    else:
        deployment.ends_at = max(deployment.ends_at, now + max(each.ready_after for each in runs.values()))


def _run(world: World, service: Service, deployment: Deployment, name: str, platform: str) -> Run:
    if platform != LINUX:
        return Run("platform", (EXEC_FORMAT,))
    container, endpoint = deployment.containers[name], deployment.endpoint
    is_public = endpoint is not None and endpoint["containerName"] == name
    behavior = _behavior(world, service.name, name, container["image"])
    return run(behavior, container, endpoint if is_public else None, world.options.patience_seconds)


def _behavior(world: World, service: str, container: str, image: str) -> Behavior:
    """Return the latest behavior for the container, else the default one: it runs and answers."""
    return next((each for each in reversed(world.behaviors) if each.is_about(service, container, image)), ORDINARY)
