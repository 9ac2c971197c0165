"""What a deployment is asked to be, as plain values that can be stored: it never holds a value of a variable."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from app.errors import Problem

PROTOCOLS: Final = ("HTTP", "HTTPS", "TCP", "UDP")
PUBLIC_PROTOCOLS: Final = ("HTTP", "HTTPS")
HIGHEST_PORT: Final = 65_535
LONGEST_CONTAINER: Final = 53
LONGEST_PATH: Final = 1_000
CONTAINER_NAME: Final = re.compile(r"(?:[a-z0-9]{1,2}|[a-z0-9][a-z0-9-]+[a-z0-9])")
_TAG: Final = re.compile(r"\w[\w.-]{0,299}", re.ASCII)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_PATH: Final = re.compile(r"/[!-~]*")


@dataclass(frozen=True)
class DeployRequest:
    """One deployment that is requested.

    Args:
        tag: of the image; "" for none. With neither tag nor digest, `latest`.
        digest: of the image; "" for none.
        container: which container runs the image: "" for the one that does already, or the only one.
        port: that a new container listens on; 0 for none.
        protocol: of the port.
        public: the container becomes the public endpoint.
        health_check_path: of the public endpoint.
        version: deploy this version of the service again, with no other image; 0 for no version.
        pin: deploy the digest that the tag names when the operation checks it, instead of the tag.
        grant: give the service access to the repository first, where it has none.
        rollback: when the deployment fails, deploy the version again that was active before.
    """

    tag: str = ""
    digest: str = ""
    container: str = ""
    port: int = 0
    protocol: str = "HTTP"
    public: bool = False
    health_check_path: str = ""
    version: int = 0
    pin: bool = False
    grant: bool = False
    rollback: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what differs from the defaults, as plain JSON."""
        return {name: value for name, value in asdict(self).items() if value != getattr(_DEFAULTS, name)}

    def reference(self) -> str:
        """Return `:tag` or `@digest`, as it follows the repository's name."""
        return f"@{self.digest}" if self.digest else f":{self.tag or 'latest'}"


_DEFAULTS: Final = DeployRequest()
_NAMES: Final = tuple(field.name for field in fields(DeployRequest))


def request_of(stored: Mapping[str, Any]) -> DeployRequest:
    """Return the request in an operation's input, which may hold more."""
    return DeployRequest(**{name: stored[name] for name in _NAMES if name in stored})


def check_request(request: DeployRequest) -> None:
    """Check what AWS would refuse anyway.

    Raises:
        Problem: `deployment.bad_tag`, `deployment.bad_digest`, `deployment.bad_container`, `deployment.bad_port`,
            `deployment.bad_version`, `deployment.bad_path`, `deployment.bad_protocol`, `deployment.not_public`,
            `deployment.version_alone`.
    """
    if request.version > 0 and request != DeployRequest(version=request.version, rollback=request.rollback):
        raise Problem("deployment.version_alone")
    if request.tag and not _TAG.fullmatch(request.tag):
        raise Problem("deployment.bad_tag", tag=request.tag[:300])
    if request.digest and not _DIGEST.fullmatch(request.digest):
        raise Problem("deployment.bad_digest", digest=request.digest[:300])
    name = request.container
    if name and (len(name) > LONGEST_CONTAINER or not CONTAINER_NAME.fullmatch(name)):
        raise Problem("deployment.bad_container", container=name[:300])
    if request.version < 0:
        raise Problem("deployment.bad_version")
    if not 0 <= request.port <= HIGHEST_PORT:
        raise Problem("deployment.bad_port", port=request.port)
    if request.protocol not in PROTOCOLS:
        raise Problem("deployment.bad_protocol", protocol=request.protocol[:20])
    if request.public and request.port and request.protocol not in PUBLIC_PROTOCOLS:
        raise Problem("deployment.not_public", protocol=request.protocol)
    path = request.health_check_path
    if path and (len(path) > LONGEST_PATH or not _PATH.fullmatch(path)):
        raise Problem("deployment.bad_path", path=path[:100])
