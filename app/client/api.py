"""The API as commands use it: verbs in, plain JSON values out, refusals raised. Knows no terminal.

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
    """No server answers; its text says why."""


class RequestRefused(Exception):  # noqa: N818  (a refusal for a person, as `Problem` is)
    """The console refused the request. `told` is the problem in its own words, which may be newer than ours."""

    def __init__(self, status: int, fields: Mapping[str, Any]) -> None:
        super().__init__(status, fields)
        self.status = status
        self.told = fields

    @property
    def code(self) -> str:
        """The problem's stable code."""
        return str(self.told.get("code", ""))


class Transport(Protocol):
    """Sends requests to the API. `is_local`: the work is done in this process."""

    is_local: bool

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Return the status and the JSON of the answer (None if it was not JSON). Raises NoAnswerError."""

    def read(self, regions: tuple[str, ...], *, policies: bool) -> None:
        """Make sure that AWS's current state has been read, if no server does so in the background."""


@dataclass(frozen=True)
class ServiceRef:
    """A service by region and name."""

    region: str
    service: str

    @classmethod
    def of(cls, service: Json) -> ServiceRef:
        """Return the reference of a service as the API returns it."""
        return cls(service["region"], service["name"])

    @property
    def path(self) -> str:
        """Its API path."""
        return f"{ROOT}/services/{quote(self.region, safe='')}/{quote(self.service, safe='')}"


class Api:
    """The API's requests."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def identity(self) -> Json:
        """Return the caller's name and the regions."""
        return self._ask("GET", f"{ROOT}/identity")

    def services(self) -> Json:
        """Return all services, and how fresh each region is."""
        return self._ask("GET", f"{ROOT}/services")

    def service(self, service_ref: ServiceRef) -> Json:
        """Return one service."""
        return self._ask("GET", service_ref.path)

    def repositories(self, service_ref: ServiceRef) -> Json:
        """Return the repositories that the service can pull from."""
        return self._ask("GET", f"{service_ref.path}/repositories")

    def grant(self, service_ref: ServiceRef, repository: str, previewed: str | None = None) -> Json:
        """Grant access and return the operation."""
        return self._ask("POST", f"{service_ref.path}/grants", _given(repository=repository, previewed=previewed))

    def revoke(self, service_ref: ServiceRef, repository: str, previewed: str | None = None) -> Json:
        """Revoke access and return the operation."""
        query = urlencode(_given(repository=repository, previewed=previewed))
        return self._ask("DELETE", f"{service_ref.path}/grants?{query}")

    def preview(self, service_ref: ServiceRef, kind: str, repository: str) -> Json:
        """Return what would change."""
        return self._ask("POST", f"{service_ref.path}/preview", {"kind": kind, "repository": repository})

    def as_code(self, service_ref: ServiceRef, repository: str, form: str) -> Json:
        """Return the service's access to a repository as code."""
        return self._ask(
            "GET", f"{service_ref.path}/repositories/as-code?{urlencode({'repository': repository, 'form': form})}"
        )

    def service_as_code(self, service_ref: ServiceRef, form: str) -> Json:
        """Return a service with all its access as code."""
        return self._ask("GET", f"{service_ref.path}/as-code?{urlencode({'form': form})}")

    def many_as_code(self, service_ref: ServiceRef, request: Json) -> Json:
        """Return a service's access to many repositories as code."""
        return self._ask("POST", f"{service_ref.path}/repositories/as-code", request)

    def why(self, service_ref: ServiceRef, *, image: str = "", container: str = "", platform: bool = False) -> Json:
        """Return why the service can't pull the image, or why it doesn't run."""
        body = {"image": image, "container": container, "platform": platform}
        return self._ask("POST", f"{service_ref.path}/why", body)

    def deploy(self, service_ref: ServiceRef, request: Json) -> Json:
        """Deploy an image, or a version again: the operation."""
        return self._ask("POST", f"{service_ref.path}/deployments", request)

    def preview_deployment(self, service_ref: ServiceRef, request: Json) -> Json:
        """What a deployment would do, and whether it would run."""
        return self._ask("POST", f"{service_ref.path}/deployments/preview", request)

    def deployment_log(self, service_ref: ServiceRef, version: int, part: Json) -> Json:
        """Return a page of a deployment's log; version 0 is the newest."""
        return self._ask("GET", f"{service_ref.path}/deployments/{version}/log?{urlencode(part)}")

    def operation(self, operation_id: str, *, seen: int = 0, wait: float = 0) -> Json:
        """Return an operation; with `wait`, as soon as its version differs from `seen`."""
        query = f"?{urlencode({'seen': seen, 'wait': wait})}" if wait else ""
        return self._ask("GET", f"{ROOT}/operations/{quote(operation_id, safe='')}{query}")

    def operations(self, **filters: str | int | None) -> Json:
        """Return operations, newest first."""
        return self._ask("GET", f"{ROOT}/operations?{urlencode(_given(**filters))}")

    def undo(self, operation_id: str) -> Json:
        """Start the undo of an operation."""
        return self._ask("POST", f"{ROOT}/operations/{quote(operation_id, safe='')}/undo")

    def undo_batch(self, batch_id: str) -> Json:
        """Start the undo of all that a batch changed."""
        return self._ask("POST", f"{ROOT}/batches/{quote(batch_id, safe='')}/undo")

    def start_batch(self, request: Json) -> Json:
        """Start a batch, as `POST /batches` takes it."""
        return self._ask("POST", f"{ROOT}/batches", request)

    def preview_batch(self, request: Json) -> Json:
        """What a batch would do."""
        return self._ask("POST", f"{ROOT}/batches/preview", request)

    def repair_all(self, region: str) -> Json:
        """Start a batch that repairs all access that findings are about, in one Region or ("") in all."""
        return self._ask("POST", f"{ROOT}/findings/repair", {"region": region} if region else {})

    def preview_repair_all(self, region: str) -> Json:
        """What repairing all would do, and what it would not."""
        return self._ask("POST", f"{ROOT}/findings/repair/preview", {"region": region} if region else {})

    def batch(self, batch_id: str, **query: str | float | None) -> Json:
        """How a batch stands, with some of its items; with `wait`, as soon as its version is another than `seen`."""
        return self._ask("GET", f"{ROOT}/batches/{quote(batch_id, safe='')}?{urlencode(_given(**query))}")

    def policy(self, service_ref: ServiceRef, repository: str) -> Json:
        """A repository's policy in plain words, as seen for a service."""
        return self._ask("GET", f"{service_ref.path}/policy?{urlencode({'repository': repository})}")

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        status, answer = self.transport.send(method, path, body)
        if status >= 400 or not isinstance(answer, dict):
            raise RequestRefused(status, answer if isinstance(answer, dict) else {})
        return answer


def _given(**values: str | float | None) -> Json:
    return {name: value for name, value in values.items() if value is not None}
