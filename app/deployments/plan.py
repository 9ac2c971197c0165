"""From the versions of a service and a request to the deployment that is sent: one image changed, everything else kept.

Pure. What comes back holds environment values, unread; what may be shown of it is in `app.deployments.change`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from app.aws.deployment_ports import DeployedVersion, DeploymentSpec
from app.deployments.request import LONGEST_CONTAINER, DeployRequest
from app.diagnosis.image_uri import parse_image
from app.errors import Problem

MOST_CONTAINERS: Final = 10
BUSY: Final = "ACTIVATING"
_NOT_IN_A_NAME: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class PlannedDeployment:
    """What will be sent.

    `base`: the version that it is made of, 0 for none; `compared_with`: the version that `before` is, 0 for none;
    `container`: the one that gets the image, "" where a version is deployed again.
    """

    base: int
    compared_with: int
    before: DeploymentSpec | None
    after: DeploymentSpec
    container: str


def is_busy(versions: Sequence[DeployedVersion]) -> bool:
    """Return whether the newest version is still being deployed."""
    return bool(versions) and versions[0].state == BUSY


def newest_version(versions: Sequence[DeployedVersion]) -> int:
    """Return the newest version's number, 0 where there is none."""
    return versions[0].version if versions else 0


def active_version(versions: Sequence[DeployedVersion]) -> DeployedVersion | None:
    """Return the version that runs, None where none does."""
    return next((each for each in versions if each.state == "ACTIVE"), None)


def base_version(versions: Sequence[DeployedVersion]) -> DeployedVersion | None:
    """Return what a deployment is made of: the active version, else the newest that ever ran, else the newest."""
    ran = next((each for each in versions if each.state == "INACTIVE"), None)
    return active_version(versions) or ran or (versions[0] if versions else None)


def plan_deployment(
    service: str, versions: Sequence[DeployedVersion], request: DeployRequest, image: str, base: int = 0
) -> PlannedDeployment:
    """Return what `request` deploys.

    Args:
        service: its name, for the problems.
        versions: the service's, newest first.
        request: what is requested.
        image: the image's URI; "" where a version is deployed again.
        base: the version that it was made of before, so that a run after a crash makes the same of it; 0 for none.

    Raises:
        Problem: `deployment.no_version`; `deployment.path_not_public` for a path of a container that is not the public
            endpoint; and as `choose_container`.
    """
    number = request.version or base
    source = _find(service, versions, number) if number else base_version(versions)
    if request.version and source is not None:
        active = active_version(versions)
        before = active.spec if active else None
        return PlannedDeployment(source.version, active.version if active else 0, before, source.spec, "")
    before = source.spec if source is not None else None
    container = choose_container(before, request, image)
    after = _with_image(before or DeploymentSpec({}), container, request, image)
    number = source.version if source is not None else 0
    return PlannedDeployment(number, number, before, after, container)


def choose_container(spec: DeploymentSpec | None, request: DeployRequest, image: str) -> str:
    """Return the container that gets the image.

    Raises:
        Problem: `deployment.choose_container` where several could be meant; `deployment.container_needs_port` where
            the named one does not exist and no port is given to make it with; `deployment.too_many_containers`.
    """
    containers = dict(spec.containers) if spec else {}
    if request.container in containers:
        return request.container
    names = ", ".join(sorted(containers))
    if request.container or not containers:
        name = request.container or default_name(image)
        if containers and not request.port:  # the name may be mistyped
            raise Problem("deployment.container_needs_port", container=name, containers=names)
        if len(containers) >= MOST_CONTAINERS:
            raise Problem("deployment.too_many_containers", limit=MOST_CONTAINERS)
        return name
    if len(containers) == 1:
        return next(iter(containers))
    repository = parse_image(image).repository
    same = [
        name for name, each in containers.items() if parse_image(str(each.get("image", ""))).repository == repository
    ]
    if len(same) != 1:
        raise Problem("deployment.choose_container", containers=names)
    return same[0]


def default_name(image: str) -> str:
    """Return a name for a container of this image: the last part of its repository's name."""
    last = parse_image(image).repository.rpartition("/")[2]
    return _NOT_IN_A_NAME.sub("-", last)[:LONGEST_CONTAINER].strip("-") or "app"


def is_the_same(spec: DeploymentSpec, other: DeploymentSpec) -> bool:
    """Return whether two deployments run the same, values of variables included, whatever AWS fills in by itself."""
    return _canonical(spec) == _canonical(other)


def _find(service: str, versions: Sequence[DeployedVersion], number: int) -> DeployedVersion:
    for each in versions:
        if each.version == number:
            return each
    raise Problem("deployment.no_version", service=service, version=number)


def _with_image(spec: DeploymentSpec, container: str, request: DeployRequest, image: str) -> DeploymentSpec:
    changed = {**spec.containers.get(container, {}), "image": image}
    if request.port:
        changed["ports"] = {**changed.get("ports", {}), str(request.port): request.protocol}
    containers = {**spec.containers, container: changed}
    return DeploymentSpec(containers, _endpoint(spec.public_endpoint, container, request, changed))


def _endpoint(
    endpoint: Mapping[str, Any] | None, container: str, request: DeployRequest, changed: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The public endpoint: as it was, unless the request makes another one of it."""
    is_own = endpoint is not None and endpoint.get("containerName") == container
    if request.health_check_path and not (is_own or request.public):
        raise Problem("deployment.path_not_public", container=container)
    if not request.public and not request.health_check_path:
        return endpoint
    kept = dict(endpoint or {}) if is_own else {}
    port = request.port or kept.get("containerPort") or _public_port(container, changed)
    check = dict(kept.get("healthCheck") or (endpoint or {}).get("healthCheck") or {})
    if request.health_check_path:
        check["path"] = request.health_check_path
    return {**kept, "containerName": container, "containerPort": port, **({"healthCheck": check} if check else {})}


def _public_port(container: str, changed: Mapping[str, Any]) -> int:
    ports = [int(port) for port, protocol in (changed.get("ports") or {}).items() if protocol in {"HTTP", "HTTPS"}]
    if len(ports) != 1:
        raise Problem("deployment.container_needs_port", container=container, containers=container)
    return ports[0]


def _canonical(spec: DeploymentSpec) -> tuple[Any, ...]:
    containers = {
        name: (
            each.get("image", ""),
            tuple(each.get("command") or ()),
            dict(each.get("environment") or {}),
            dict(each.get("ports") or {}),
        )
        for name, each in spec.containers.items()
    }
    endpoint = spec.public_endpoint or {}
    path = (endpoint.get("healthCheck") or {}).get("path", "/") if endpoint else ""
    return containers, endpoint.get("containerName", ""), endpoint.get("containerPort", 0), path
