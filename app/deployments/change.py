"""What differs between two deployments, without a single value of an environment variable. Pure; may be shown and stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from json import dumps
from typing import Any

from pydantic import TypeAdapter

from app.aws.deployment_ports import DeploymentSpec
from app.aws.ports import Deployment


class ContainerState(StrEnum):
    """What becomes of a container."""

    KEPT = "kept"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class ContainerChange:
    """One container, before and after. Ports are `80/HTTP`; variables are named, their values compared and left out."""

    name: str
    state: ContainerState
    image_before: str = ""
    image_after: str = ""
    ports_before: tuple[str, ...] = ()
    ports_after: tuple[str, ...] = ()
    command_changed: bool = False
    variables: tuple[str, ...] = ()
    variables_added: tuple[str, ...] = ()
    variables_removed: tuple[str, ...] = ()
    variables_changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Endpoint:
    """A public endpoint. `health_check` is the whole check, by AWS's names, as text."""

    container: str
    port: int
    path: str = ""
    health_check: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class DeploymentChange:
    """What a deployment changes. `base` is the version that it is compared with, 0 for none."""

    base: int
    containers: tuple[ContainerChange, ...]
    endpoint_before: Endpoint | None = None
    endpoint_after: Endpoint | None = None

    @property
    def changed(self) -> tuple[ContainerChange, ...]:
        """The containers that do not stay as they are."""
        return tuple(each for each in self.containers if each.state is not ContainerState.KEPT)

    @property
    def is_needed(self) -> bool:
        """Whether anything differs."""
        return bool(self.changed) or self.endpoint_before != self.endpoint_after

    def fingerprint(self) -> str:
        """Return what names this change: a request that hands it back is done as shown, or not at all."""
        return sha256(dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


def spec_of(deployment: Deployment) -> DeploymentSpec:
    """Return what a deployment runs, as far as it is known, to compare it with another."""
    containers = {
        each.name: {
            "image": each.image,
            "command": list(each.command),
            "environment": dict(each.environment),
            "ports": dict(each.ports),
        }
        for each in deployment.containers
    }
    if not deployment.public_container:
        return DeploymentSpec(containers)
    endpoint = {"containerName": deployment.public_container, "containerPort": deployment.public_port}
    return DeploymentSpec(containers, {**endpoint, "healthCheck": dict(deployment.health_check)})


def compare_versions(deployments: Sequence[Deployment]) -> dict[int, DeploymentChange]:
    """Return what each version changed in the one before it, but for the oldest; newest first, as AWS lists them."""
    return {
        newer.version: compare(older.version, spec_of(older), spec_of(newer)) for newer, older in pairwise(deployments)
    }


def change_from_json(stored: Mapping[str, Any]) -> DeploymentChange:
    """Return the change that `dataclasses.asdict` made plain."""
    return _CODEC.validate_python(stored)


def compare(base: int, before: DeploymentSpec | None, after: DeploymentSpec) -> DeploymentChange:
    """Return what `after` changes in `before`, None where nothing was deployed."""
    old, new = (before.containers if before else {}), after.containers
    names = dict.fromkeys((*new, *old))
    return DeploymentChange(
        base,
        tuple(_container(name, old.get(name), new.get(name)) for name in names),
        _endpoint(before.public_endpoint if before else None),
        _endpoint(after.public_endpoint),
    )


def _container(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> ContainerChange:
    old, new = before or {}, after or {}
    had, has = old.get("environment") or {}, new.get("environment") or {}
    state = ContainerState.CHANGED
    if before is None:
        state = ContainerState.ADDED
    elif after is None:
        state = ContainerState.REMOVED
    elif _plain(old) == _plain(new):
        state = ContainerState.KEPT
    return ContainerChange(
        name,
        state,
        image_before=str(old.get("image", "")),
        image_after=str(new.get("image", "")),
        ports_before=_ports(old),
        ports_after=_ports(new),
        command_changed=list(old.get("command") or ()) != list(new.get("command") or ()),
        variables=tuple(sorted(has)),
        variables_added=tuple(sorted(set(has) - set(had))),
        variables_removed=tuple(sorted(set(had) - set(has))),
        variables_changed=tuple(sorted(key for key in set(had) & set(has) if had[key] != has[key])),
    )


def _plain(container: Mapping[str, Any]) -> dict[str, Any]:
    """A container without the members that say nothing, so that an empty one and a missing one are alike."""
    return {name: value for name, value in container.items() if value}


def _ports(container: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{port}/{protocol}" for port, protocol in sorted((container.get("ports") or {}).items()))


def _endpoint(raw: Mapping[str, Any] | None) -> Endpoint | None:
    if not raw:
        return None
    check = raw.get("healthCheck") or {}
    return Endpoint(
        str(raw.get("containerName", "")),
        int(raw.get("containerPort") or 0),
        str(check.get("path", "")),
        tuple((name, str(value)) for name, value in sorted(check.items()) if name != "path"),
    )


_CODEC = TypeAdapter(DeploymentChange)
