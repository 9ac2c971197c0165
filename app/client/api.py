"""The API as commands use it: verbs in, plain JSON values out, every refusal raised. Knows no terminal.

It is the same over HTTP and in this process: only the transport differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode

ROOT = "/api/v1"

Json = dict[str, Any]


class NoAnswerError(Exception):
    """Nobody answers there; its text says why."""


class RequestRefused(Exception):  # noqa: N818  (a refusal told to a person, as `Problem` is)
    """The console said no. `told` is the problem in its own words, which may be newer than ours."""

    def __init__(self, status: int, told: Mapping[str, Any]) -> None:
        super().__init__(status, told)
        self.status = status
        self.told = told

    @property
    def code(self) -> str:
        """The problem's stable name."""
        return str(self.told.get("code", ""))


class Transport(Protocol):
    """Carries a request to the API. `is_local`: the work is done in this process."""

    is_local: bool

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status, and the JSON that was answered (None where it was none). Raises NoAnswerError."""

    def read(self, regions: tuple[str, ...], *, policies: bool) -> None:
        """See that what exists in AWS has been read, where no server does that behind."""


@dataclass(frozen=True)
class ServiceRef:
    """A service by region and name."""

    region: str
    service: str

    @property
    def path(self) -> str:
        """Its address."""
        return f"{ROOT}/services/{quote(self.region, safe='')}/{quote(self.service, safe='')}"


class Api:
    """The verbs."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def identity(self) -> Json:
        """Who asks, and which regions there are."""
        return self._ask("GET", f"{ROOT}/identity")

    def services(self) -> Json:
        """All services, and how fresh each region is."""
        return self._ask("GET", f"{ROOT}/services")

    def service(self, place: ServiceRef) -> Json:
        """One service."""
        return self._ask("GET", place.path)

    def repositories(self, place: ServiceRef) -> Json:
        """Where the service can pull from."""
        return self._ask("GET", f"{place.path}/repositories")

    def grant(self, place: ServiceRef, repository: str, previewed: str | None = None) -> Json:
        """Give access: the operation."""
        return self._ask("POST", f"{place.path}/grants", _given(repository=repository, previewed=previewed))

    def revoke(self, place: ServiceRef, repository: str, previewed: str | None = None) -> Json:
        """Take access away: the operation."""
        query = urlencode(_given(repository=repository, previewed=previewed))
        return self._ask("DELETE", f"{place.path}/grants?{query}")

    def preview(self, place: ServiceRef, kind: str, repository: str) -> Json:
        """What would be done."""
        return self._ask("POST", f"{place.path}/preview", {"kind": kind, "repository": repository})

    def why(self, place: ServiceRef, *, image: str = "", container: str = "", platform: bool = False) -> Json:
        """Why the service can't pull the image, or why it doesn't run."""
        body = {"image": image, "container": container, "platform": platform}
        return self._ask("POST", f"{place.path}/why", body)

    def operation(self, operation_id: str, *, seen: int = 0, wait: float = 0) -> Json:
        """How an operation stands; with `wait`, as soon as its version is another than `seen`."""
        query = f"?{urlencode({'seen': seen, 'wait': wait})}" if wait else ""
        return self._ask("GET", f"{ROOT}/operations/{quote(operation_id, safe='')}{query}")

    def operations(self, **filters: str | int | None) -> Json:
        """Operations, newest first."""
        return self._ask("GET", f"{ROOT}/operations?{urlencode(_given(**filters))}")

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        status, answer = self.transport.send(method, path, body)
        if status >= 400 or not isinstance(answer, dict):
            raise RequestRefused(status, answer if isinstance(answer, dict) else {})
        return answer


def _given(**values: str | int | None) -> Json:
    return {name: value for name, value in values.items() if value is not None}
