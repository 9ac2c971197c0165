"""How a case of the corpus deploys a program that logs what its language or framework prints."""

from __future__ import annotations

from typing import Any

from tests.diagnosis.corpus.case import case
from tests.diagnosis.world import SERVICE, WEB, World


def run(world: World, port: int, path: str, codes: str, container: dict[str, Any], **behavior: Any) -> None:
    """Deploy a container behind a public endpoint on a port, whose program behaves so."""
    world.build()
    world.sandbox.add_behavior(**behavior)
    app = {"image": WEB, "ports": {str(port): "HTTP"}, **container}
    check = {"path": path, "successCodes": codes}
    endpoint = {"containerName": "app", "containerPort": port, "healthCheck": check}
    containers = {"app": app}
    world.lightsail.create_container_service_deployment(
        serviceName=SERVICE, containers=containers, publicEndpoint=endpoint
    )
    world.sandbox.advance(61)


def crash(name: str, code: str, *lines: str, status: int = 1, **container: Any) -> None:
    """A program that logs these lines and exits, again and again."""
    case(name, code)(lambda world: run(world, 80, "/", "200-399", container, lines=list(lines), exit_code=status))


def unhealthy(
    name: str, code: str, *lines: str, port: int = 80, path: str = "/", codes: str = "200-399", **container: Any
) -> None:
    """A program that logs these lines and stays up, and doesn't pass the health check."""
    case(name, code)(lambda world: run(world, port, path, codes, container, lines=list(lines), listens=[]))
