"""The part of the control route that shows and changes existing policies, services and principals."""

from __future__ import annotations

import json
import math
from typing import Any

from starlette.requests import Request

from app.sandbox.call import DEFAULT_ACCOUNT
from app.sandbox.errors import SandboxError
from app.sandbox.foreign import write_text
from app.sandbox.parts import Parts
from app.sandbox.policy_text import Policy
from app.sandbox.service_state import describe, is_gone
from app.sandbox.state import Puller, Repository, Service, Transition

STATES = ("PENDING", "READY", "RUNNING", "UPDATING", "DELETING", "DISABLED", "DEPLOYING")
MOST_POLICIES = 1_000


class MissingError(SandboxError):
    """A resource in a request to the control route does not exist."""


def health(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (the signature of handlers)
    homes = parts.world.homes.values()
    return {
        "status": "ok",
        "repositories": sum(len(home.repositories) for home in homes),
        "services": sum(len(home.services) for home in homes),
    }


def _account(request: Request) -> str:
    return request.query_params.get("account", DEFAULT_ACCOUNT)


def _kept(policy: Policy | None) -> Any:
    return policy and (policy.text if policy.document is None else policy.document)


def _shown(repository: Repository) -> dict[str, Any]:
    return {
        "account": repository.account,
        "region": repository.region,
        "repository": repository.name,
        "policy": _kept(repository.policy),
        "writes": repository.writes,
        "revisions": [{"at": each.at, "by": each.by, "policy": each.document} for each in repository.revisions],
    }


def policies(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    """Return the policies of every account and region, or of the requested one; at most `limit` of them."""
    query = request.query_params
    given = query.get("limit", "")
    limit = int(given) if given.isdecimal() else MOST_POLICIES
    documents: list[dict[str, Any]] = []
    for (account, region), home in parts.world.homes.items():
        if query.get("account", account) != account or query.get("region", region) != region:
            continue
        for repository in home.repositories.values():
            if len(documents) == limit:
                return {"policies": documents, "truncated": True}
            if repository.policy or repository.writes:
                documents.append(_shown(repository))
    return {"policies": documents, "truncated": False}


def find_repository(parts: Parts, request: Request) -> Repository:
    """Return the repository in the path; raises MissingError."""
    name, region = request.path_params["repository"], request.path_params["region"]
    home = parts.world.homes.get((_account(request), region))
    repository = home.repositories.get(name) if home else None
    if repository is None:
        raise MissingError(f"There is no repository {name} in {region} in account {_account(request)}.")
    return repository


def policy(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    return _shown(find_repository(parts, request))


def put_policy(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Write as another writer, unchecked: `{"policy": {…}}`, `{"policyText": "…"}`, or `{"policy": null}` to delete."""
    repository = find_repository(parts, request)
    if isinstance(body.get("policyText"), str):
        write_text(parts.world, repository, body["policyText"])
    elif isinstance(body.get("policy"), dict):
        write_text(parts.world, repository, json.dumps(body["policy"]))
    elif "policy" in body:
        repository.write_policy(None, "another writer", parts.world.clock.now())
        parts.world.changes += 1
    else:
        raise SandboxError("The body has neither policy nor policyText.")
    return _shown(repository)


def principals(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    living = parts.world.principals
    now = parts.world.clock.now()
    return {"principals": [{"arn": arn, "exists": living.exists(arn, now)} for arn in living.by_arn]}


def change_principal(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Delete a principal or restore it: `{"arn": "…", "exists": false}`."""
    arn, exists = body.get("arn"), body.get("exists")
    if not isinstance(arn, str) or not isinstance(exists, bool):
        raise SandboxError('A principal is changed by {"arn": "…", "exists": true or false}.')
    now = parts.world.clock.now()
    if exists:
        parts.world.principals.born(arn, now)
        parts.world.principals.deaths += 1
    else:
        parts.world.principals.dies(arn, now)
    parts.world.changes += 1
    return principals(parts, request, body)


def services(parts: Parts, request: Request, body: dict[str, Any]) -> Any:  # noqa: ARG001  (as above)
    now = parts.world.clock.now()
    return {
        "services": [
            {"account": service.account, "region": service.region, **describe(service, now)}
            for home in parts.world.homes.values()
            for service in home.services.values()
            if not is_gone(service, now)
        ]
    }


def change_service(parts: Parts, request: Request, body: dict[str, Any]) -> Any:
    """Force what no API can: a state for some seconds or permanently, a missing `privateRegistryAccess`; or undo it.

    `{"state": "UPDATING", "seconds": 30}`, `{"state": null}`, `{"privateRegistryAccess": false}`, `{"tags": {…}}`.
    """
    service = find_service(parts, request)
    _force(service, body, parts.world.clock.now())
    parts.world.changes += 1
    return describe(service, parts.world.clock.now())


def find_service(parts: Parts, request: Request) -> Service:
    """Return the service in the path; raises MissingError."""
    name, region = request.path_params["service"], request.path_params["region"]
    home = parts.world.homes.get((_account(request), region))
    service = home.services.get(name) if home else None
    if service is None:
        raise MissingError(f"There is no service {name} in {region} in account {_account(request)}.")
    return service


def _force(service: Service, body: dict[str, Any], now: float) -> None:
    state, tags = body.get("state"), body.get("tags", {})
    if state is not None and state not in STATES:
        raise SandboxError(f"A service's state is one of {', '.join(STATES)}.")
    if not isinstance(tags, dict) or not all(isinstance(value, str) for value in tags.values()):
        raise SandboxError("A service's tags are an object of texts.")
    if "tags" in body:
        service.tags = [{"key": key, "value": value} for key, value in tags.items()]
    if "state" in body:
        seconds = body.get("seconds")
        service.transition = Transition(state, now + seconds if seconds else math.inf) if state else None
    if body.get("privateRegistryAccess") is False:
        service.puller = None
    elif body.get("privateRegistryAccess") is True and service.puller is None:
        service.puller = Puller()
