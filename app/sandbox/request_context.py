"""The condition keys of a request and their values, for policies to test. Pure.

In a closed context a missing key is absent from the request, as in AWS. In an open one it is unknown: the sandbox has
no address and, unless set, no organization for an account's own callers, so a test of such a key fails either way.
Otherwise a policy that denies everyone outside an organization would lock the account out of its own repository.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from app.sandbox import ids
from app.sandbox.identity import Identity

Value = str | tuple[str, ...]
# The organization of the accounts in which AWS keeps Lightsail's roles, different from any customer's.
LIGHTSAIL_ORGANIZATION = "o-awslightsail"
LIGHTSAIL_ADDRESS = "192.0.2.57"


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The values of a request's condition keys, by their names in lower case."""

    values: Mapping[str, Value]
    is_open: bool = False

    def get(self, key: str) -> Value | None:
        """Return the key's value, a tuple for a key that holds several; None when it is absent or not known."""
        return self.values.get(key.lower())

    def single(self, key: str) -> str | None:
        """Return the value of a key that holds one, for a policy variable; else None."""
        value = self.get(key)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True)
class Resource:
    """The resource of a request: its ARN, its account, that account's organization ("" for none), its tags."""

    arn: str
    account: str
    region: str
    organization: str = ""
    tags: tuple[tuple[str, str], ...] = ()


def context_of(caller: Identity, resource: Resource, now: float, organization: str = "") -> RequestContext:
    """Return the context of a request by this caller.

    Args:
        caller: the caller.
        resource: the resource.
        now: the sandbox's time, in seconds since 1970.
        organization: that of the caller's account, "" when it is in none.
    """
    values: dict[str, Value] = {**_of_the_wire(resource, now), **_of_the_resource(resource), **_of_the_caller(caller)}
    if caller.type == "AssumedRole":
        values["aws:tokenissuetime"] = _iso(now)
    if caller.is_lightsail_role:
        organization = LIGHTSAIL_ORGANIZATION
        values["aws:sourceip"] = LIGHTSAIL_ADDRESS
    if organization:
        values.update(_membership("principal", organization))
    for key, value in caller.context.items():
        values.pop(key.lower(), None)
        if value is not None:
            values[key.lower()] = value
    return RequestContext(values, is_open=not caller.is_temporary)


def _of_the_wire(resource: Resource, now: float) -> dict[str, Value]:
    """Return the keys common to all requests to ECR: HTTPS, made directly, now."""
    return {
        "aws:securetransport": "true",
        "aws:currenttime": _iso(now),
        "aws:epochtime": str(int(now)),
        "aws:requestedregion": resource.region,
        "aws:principalisawsservice": "false",
        "aws:viaawsservice": "false",
    }


def _iso(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat().replace("+00:00", "Z")


def _of_the_resource(resource: Resource) -> dict[str, Value]:
    values: dict[str, Value] = {"aws:resourceaccount": resource.account}
    if resource.organization:
        values.update(_membership("resource", resource.organization))
    for key, value in resource.tags:
        values[f"aws:resourcetag/{key.lower()}"] = value
        values[f"ecr:resourcetag/{key.lower()}"] = value
    return values


def _of_the_caller(caller: Identity) -> dict[str, Value]:
    values: dict[str, Value] = {
        "aws:principalarn": caller.principal_arn,
        "aws:principalaccount": caller.account,
        "aws:principaltype": caller.type,
        "aws:userid": caller.user_id,
    }
    if caller.type == "User":
        values["aws:username"] = caller.name
    return values


def _membership(whose: str, organization: str) -> dict[str, Value]:
    path = f"{organization}/r-{ids.letters('root', organization, length=4)}/"
    return {f"aws:{whose}orgid": organization, f"aws:{whose}orgpaths": (path,)}
