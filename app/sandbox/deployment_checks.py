"""What Lightsail refuses in a deployment before it begins. Pure.

The limits are those of the API reference; messages without a public source are [inferred].
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.sandbox.lightsail_errors import invalid
from app.sandbox.state import Service
from app.sandbox.stored_images import find_stored_image

CONTAINER_NAME = "^(?:[a-z0-9]{1,2}|[a-z0-9][a-z0-9-]+[a-z0-9])$"
IMAGE_EXAMPLE = "Example of valid image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/my-repository:1.0"
LONGEST_NAME = 53
PUBLIC_IMAGE = re.compile(r"(?![a-z-]+://)[a-z0-9][\w./:@-]*")
MOST_CONTAINERS = 10
HIGHEST_PORT = 65_535
HEALTH_CHECK = {
    "healthyThreshold": 2,
    "unhealthyThreshold": 2,
    "timeoutSeconds": 2,
    "intervalSeconds": 5,
    "path": "/",
    "successCodes": "200-499",
}
HEALTH_CHECK_RANGES = {
    "healthyThreshold": (2, 10),
    "unhealthyThreshold": (2, 10),
    "timeoutSeconds": (2, 60),
    "intervalSeconds": (5, 300),
}
CODES = re.compile(r"[2-4]\d\d(-[2-4]\d\d)?")
Endpoint = dict[str, Any]


def check_deployment(service: Service, containers: Mapping[str, Any], endpoint: Endpoint | None) -> None:
    """Do nothing if Lightsail accepts the deployment.

    Raises:
        AwsError: Lightsail's answer to an invalid one.
    """
    if not containers:
        raise invalid("A deployment needs at least one container.")
    if len(containers) > MOST_CONTAINERS:
        raise invalid(f"A deployment can have at most {MOST_CONTAINERS} containers.")
    for name, container in containers.items():
        if len(name) > LONGEST_NAME or not re.match(CONTAINER_NAME, name):
            raise invalid(f'Container name "{name}" does not match pattern: {CONTAINER_NAME}')
        _check_image(service, name, container.get("image") or "")
        _check_ports(name, container.get("ports") or {})
    if endpoint is not None:
        _check_endpoint(containers, endpoint)


def with_defaults(endpoint: Endpoint | None) -> Endpoint | None:
    """Return the endpoint with each part of its health check, as Lightsail keeps it."""
    if endpoint is None:
        return None
    given = {name: value for name, value in (endpoint.get("healthCheck") or {}).items() if value is not None}
    return {**endpoint, "healthCheck": {**HEALTH_CHECK, **given}}


def _check_image(service: Service, container: str, image: str) -> None:
    if image.startswith(":"):
        if not re.fullmatch(rf":{re.escape(service.name)}\.[a-z0-9-]+\.(\d+|latest)", image):
            raise invalid(f'Container "{container}" has invalid image "{image}". {IMAGE_EXAMPLE}')
        if not find_stored_image(service, image):
            raise invalid("The image does not exist in your stored images")
    elif not PUBLIC_IMAGE.fullmatch(image):
        raise invalid(f'Container "{container}" has invalid image "{image}". {IMAGE_EXAMPLE}')


def _check_ports(container: str, ports: Mapping[str, str]) -> None:
    for port in ports:
        if not port.isdecimal() or not 1 <= int(port) <= HIGHEST_PORT:
            raise invalid(
                f'Container "{container}" has invalid port "{port}". Specify a port from 1 to {HIGHEST_PORT}.'
            )


def _check_endpoint(containers: Mapping[str, Any], endpoint: Endpoint) -> None:
    ports = (containers.get(endpoint["containerName"]) or {}).get("ports") or {}
    if str(endpoint["containerPort"]) not in ports:
        raise invalid(
            "Invalid port specified. You must specify a port that is in the list of ports of the specified container."
        )
    if ports[str(endpoint["containerPort"])] not in {"HTTP", "HTTPS"}:
        raise invalid("Invalid port specified. The port of a public endpoint must use HTTP or HTTPS.")
    _check_health_check((with_defaults(endpoint) or {})["healthCheck"])


def _check_health_check(check: Mapping[str, Any]) -> None:
    for name, (least, most) in HEALTH_CHECK_RANGES.items():
        if not least <= check[name] <= most:
            raise invalid(f"Invalid health check: {name} must be from {least} to {most}.")
    if not check["path"].startswith("/"):
        raise invalid("Invalid health check: path must begin with /.")
    if not all(CODES.fullmatch(part.strip()) for part in check["successCodes"].split(",")):
        raise invalid("Invalid health check: successCodes must be values or ranges from 200 to 499.")
