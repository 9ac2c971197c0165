"""How a container runs: whether its command exists, how long it lives, what it logs and answers. Pure.

The sandbox runs nothing. A behavior says what would happen, and the deployment follows it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from app.sandbox.errors import SandboxError
from app.sandbox.matching import is_like

CANCELED, TOOK_TOO_LONG = "Canceled", "Took too long"
RESTARTS = 3
CHECKER = "ELB-HealthChecker/2.0"


@dataclass(slots=True)
class Behavior:
    """How the containers run whose image, name and service match the patterns (`*` and `?` as in IAM).

    Args:
        lines: what the container logs when it starts.
        exit_code: the status with which it exits right after; None for one that keeps running.
        commands: the executables that its image holds; None for any.
        listens: the ports on which it answers; None for each that the deployment opens.
        paths: the HTTP status of each path, 404 for others; None for 200 on all.
        ready_after: seconds from its start until it answers.
    """

    image: str = "*"
    container: str = "*"
    service: str = "*"
    lines: list[str] = field(default_factory=list)
    exit_code: int | None = None
    commands: list[str] | None = None
    listens: list[int] | None = None
    paths: dict[str, int] | None = None
    ready_after: float = 0.0

    def is_about(self, service: str, container: str, image: str) -> bool:
        pairs = ((service, self.service), (container, self.container), (image, self.image))
        return all(is_like(text, pattern) for text, pattern in pairs)


ORDINARY = Behavior()
SHAPES: Mapping[str, Any] = {
    **dict.fromkeys(("image", "container", "service"), str),
    **dict.fromkeys(("lines", "commands", "listens"), list),
    "paths": dict,
    "exit_code": int,
    "ready_after": int | float,
}
MEMBERS = {"lines": str, "commands": str, "listens": int, "paths": int}
OPTIONAL = frozenset({"exit_code", "commands", "listens", "paths"})


def behavior_of(values: Mapping[str, Any]) -> Behavior:
    """Return the behavior that the control route's JSON describes; raises SandboxError for an invalid one."""
    unknown = sorted(set(values) - set(SHAPES))
    if unknown:
        raise SandboxError(f"A behavior has no {', '.join(unknown)}; it has {', '.join(SHAPES)}.")
    for name, value in values.items():
        if not (value is None and name in OPTIONAL) and not _is_shaped(name, value):
            raise SandboxError(f"A behavior's {name} cannot be {value!r}.")
    return Behavior(**values)


def _is_shaped(name: str, value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, SHAPES[name]):
        return False
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(isinstance(member, MEMBERS[name]) for member in members)


def shown(behavior: Behavior) -> dict[str, Any]:
    """Return the behavior as the control route takes it."""
    return dataclasses.asdict(behavior)


class Run(NamedTuple):
    """The result of a container's start: why it stays unhealthy ("" if healthy), its log, seconds until it is ready."""

    cause: str
    lines: tuple[str, ...]
    ready_after: float = 0.0


def run(behavior: Behavior, container: Mapping[str, Any], endpoint: Mapping[str, Any] | None, patience: float) -> Run:
    """Return the result of a container's start in a deployment.

    Args:
        behavior: that of its image.
        container: its entry in the deployment.
        endpoint: the public endpoint, if this container is the one behind it: only that one is health-checked.
        patience: seconds until Lightsail gives up.
    """
    command, lines = container.get("command") or [], tuple(behavior.lines)
    if command and behavior.commands is not None and command[0] not in behavior.commands:
        return Run("command_not_found", (f'exec: "{command[0]}": executable file not found in $PATH',))
    if behavior.exit_code is not None:
        last_words = (f"fatal: the process exited with code {behavior.exit_code}",)
        return Run("exited", (lines or last_words) * RESTARTS)
    if behavior.ready_after > patience:
        return Run("slow", lines)
    cause, checks = _checked(behavior, container, endpoint) if endpoint else ("", ())
    return Run(cause, lines + checks, behavior.ready_after)


def _checked(
    behavior: Behavior, container: Mapping[str, Any], endpoint: Mapping[str, Any]
) -> tuple[str, tuple[str, ...]]:
    """Return why the health check fails, and the requests for it in the container's log."""
    port, check = endpoint["containerPort"], endpoint["healthCheck"]
    ports = behavior.listens if behavior.listens is not None else [int(each) for each in container.get("ports") or {}]
    if port not in ports:
        return "health_check_port", ()
    status = 200 if behavior.paths is None else behavior.paths.get(check["path"], 404)
    if is_success(status, check["successCodes"]):
        return "", ()
    return "health_check_path", (f'"GET {check["path"]} HTTP/1.1" {status} "{CHECKER}"',) * check["unhealthyThreshold"]


def is_success(status: int, codes: str) -> bool:
    """Return whether a status is among a health check's `successCodes`: `200`, `200,202`, `200-299`."""
    ranges = (re.fullmatch(r"(\d{3})(?:-(\d{3}))?", part.strip()) for part in codes.split(","))
    return any(int(match[1]) <= status <= int(match[2] or match[1]) for match in ranges if match)
