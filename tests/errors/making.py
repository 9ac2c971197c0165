"""Creates repositories and services with unused names."""

from __future__ import annotations

from itertools import count

from tests.console import RunningConsole, until

NUMBERS = count(1)


def make_repository(console: RunningConsole) -> str:
    name = f"team/app-{next(NUMBERS)}"
    console.sandbox.client("ecr").create_repository(repositoryName=name)
    return name


def make_service(console: RunningConsole) -> str:
    name = f"fresh-{next(NUMBERS)}"
    console.sandbox.client("lightsail").create_container_service(serviceName=name, power="nano", scale=1)
    until(lambda: console.sandbox.service(name)["state"] == "READY")
    return name
