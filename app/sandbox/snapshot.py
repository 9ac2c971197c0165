"""The sandbox's state on disk, so that a demo continues after a restart. Files are written atomically."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from pathlib import Path
from typing import Any

from app.sandbox.behavior import Behavior
from app.sandbox.errors import SandboxError
from app.sandbox.identity import Identity
from app.sandbox.policy_text import Policy
from app.sandbox.principals import Principal
from app.sandbox.state import (
    Deployment,
    Image,
    Organization,
    Puller,
    Registry,
    Repository,
    Revision,
    Service,
    Transition,
    World,
)

FORMAT = 2
LEAST_SECONDS = 1.0

logger = logging.getLogger("sailpass.sandbox")


class Snapshots:
    """Saves a changed world, at intervals that grow with its size, and at the end."""

    def __init__(self, path: Path | None, world: World) -> None:
        self.path = path
        self.world = world
        self.saved = -1
        self.took = 0.0

    def load(self) -> bool:
        """Load the snapshot and return whether there was one; raises SandboxError for an unreadable one."""
        if self.path is None:
            return False
        self._check_writable(self.path)
        if not self.path.exists():
            return False
        try:
            restore(self.world, json.loads(self.path.read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise SandboxError(f"The sandbox cannot read its state from {self.path}: {problem}") from problem
        self.saved = self.world.changes
        return True

    def save(self) -> None:
        """Write the world if it has changed since the last time."""
        if self.path is None or self.saved == self.world.changes:
            return
        started = time.monotonic()
        changes = self.world.changes
        beside = self.path.with_name(f"{self.path.name}.new")
        beside.write_text(json.dumps(captured(self.world), separators=(",", ":"), default=_members), "utf-8")
        beside.replace(self.path)
        self.saved, self.took = changes, time.monotonic() - started

    async def keep_saving(self) -> None:
        """Save repeatedly; a large world is saved less often, as each save delays the calls."""
        while True:
            await asyncio.sleep(max(LEAST_SECONDS, 20 * self.took))
            try:
                self.save()
            except OSError as problem:
                logger.warning("The sandbox cannot keep its state: %s", problem)

    @staticmethod
    def _check_writable(path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise SandboxError(f"The sandbox cannot keep its state in {path.parent}: {problem.strerror}.") from problem
        if not os.access(path.parent, os.W_OK):
            raise SandboxError(f"The sandbox cannot keep its state in {path.parent}: the folder cannot be written to.")


def captured(world: World) -> dict[str, Any]:
    """Return the world as values that `json.dumps` writes with `default=_members`; `restore` reads them."""
    return {
        "format": FORMAT,
        "ahead": world.clock.ahead,
        "repositories": [each for home in world.homes.values() for each in home.repositories.values()],
        "services": [each for home in world.homes.values() for each in home.services.values()],
        "principals": [[each.arn, each.known_from, each.dies_at] for each in world.principals.by_arn.values()],
        "closed_accounts": sorted(world.principals.closed_accounts),
        "registries": [[*where, home.registry] for where, home in world.homes.items()],
        "organizations": list(world.organizations.values()),
        "identities": world.identities,
        "behaviors": world.behaviors,
    }


def _members(value: Any) -> dict[str, Any]:
    if isinstance(value, Policy):
        return {"document": value.document, "text": value.text}
    return {name: getattr(value, name) for name in value.__slots__}


def restore(world: World, data: dict[str, Any]) -> None:
    """Load what `captured` returned into an empty world; an older format lacks later members."""
    if data["format"] not in {1, FORMAT}:
        raise ValueError(f"its format is {data['format']}, and this sandbox knows {FORMAT}")
    world.clock.ahead = data["ahead"]
    for arn, known_from, dies_at in data["principals"]:
        world.principals.by_arn[arn] = Principal(arn, known_from, dies_at)
    for each in data["repositories"]:
        repository = _repository(each)
        world.home(repository.account, repository.region).add_repository(repository)
    for each in data["services"]:
        service = _service(each)
        world.home(service.account, service.region).services[service.name] = service
        world.pulls.extend((service, each) for each in service.deployments if not each.is_pulled)
    _restore_access(world, data)


def _restore_access(world: World, data: dict[str, Any]) -> None:
    world.principals.closed_accounts.update(data.get("closed_accounts", []))
    for account, region, each in data.get("registries", []):
        policy = each["policy"] and Policy(**each["policy"])
        world.home(account, region).registry = Registry(policy, each["settings"])
    for each in data.get("organizations", []):
        world.organizations[each["id"]] = Organization(**each)
    for key, each in data.get("identities", {}).items():
        context = {name: tuple(value) if isinstance(value, list) else value for name, value in each["context"].items()}
        world.identities[key] = Identity(each["arn"], each["is_temporary"], context)
    world.behaviors.extend(Behavior(**each) for each in data.get("behaviors", []))


def _repository(data: dict[str, Any]) -> Repository:
    images = data["images"]
    return Repository(
        **{
            **data,
            "images": None if images is None else [Image(**each) for each in images],
            "policy": data["policy"] and Policy(**data["policy"]),
            "before": data["before"] and Policy(**data["before"]),
            "revisions": [Revision(**each) for each in data["revisions"]],
        }
    )


def _service(data: dict[str, Any]) -> Service:
    return Service(
        **{
            **data,
            "puller": data["puller"] and Puller(**data["puller"]),
            "deployments": [_deployment(each) for each in data["deployments"]],
            "transition": data["transition"] and Transition(**data["transition"]),
        }
    )


def _deployment(data: dict[str, Any]) -> Deployment:
    log = {name: [(at, line) for at, line in lines] for name, lines in data.get("log", {}).items()}
    return Deployment(**{**data, "log": log})
