"""Reads IAM's ARNs and account ids as they stand in policies. Must never decide who is allowed what."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

WILDCARD = "*"

NOBODYS_ACCOUNT = "000000000000"
"""AWS gives this account id to nobody. It stands in ARNs for an account that is not known yet."""

_LIGHTSAIL_ROLE = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/amazon/lightsail/(?P<region>[a-z0-9-]+)"
    r"/containers/(?P<service>[^/]+)/(?P<rest>.+)"
)
UNIQUE_ID = re.compile(r"A(?:ROA|IDA|GPA|IPA)[A-Z0-9]{8,}")
_ACCOUNT_DIGITS = 12
_ACCOUNT = re.compile(r"(?:arn:aws[a-z-]*:iam::)?(?P<account>\d{12})(?::root)?")
IDENTITY = re.compile(r"arn:aws[a-z-]*:(?:iam|sts)::(?P<account>\d{12}):(?P<what>[a-z-]+)/[^*?]+")
_SERVICE_OF_LIGHTSAIL = frozenset({"lightsail.amazonaws.com", "lightsail.amazonaws.com.cn"})
_NO_PRINCIPALS = frozenset({"group", "policy", "instance-profile", "server-certificate", "mfa"})
_CLOUDFRONT = "arn:aws:iam::cloudfront:user/"
_GUESSED_SERVICE = re.compile(r"(?:[a-z0-9-]+\.)?lightsail\.(?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")


@dataclass(frozen=True)
class LightsailRole:
    """A role that Lightsail made for a container service, read from its ARN.

    `is_puller` is False only for the service's general role (`containerService.principalArn`), the one that
    ECR accepts in a policy and that pulls nothing. The puller's exact form is not documented, so any other
    form counts as the puller's.
    """

    arn: str
    partition: str
    account: str
    region: str
    service: str
    is_puller: bool


def service_of(arn: str) -> LightsailRole | None:
    """The Lightsail role that `arn` names, or None where it names anything else."""
    match = _LIGHTSAIL_ROLE.fullmatch(arn)
    if match is None:
        return None
    rest = match["rest"]
    is_puller = "/" in rest or rest.replace("-", "").lower().startswith("privaterepo")
    return LightsailRole(arn, match["partition"], match["account"], match["region"], match["service"], is_puller)


def is_namesakes(principal: str, known: Iterable[str]) -> bool:
    """Whether a Lightsail role cannot be of the service whose roles are `known`, though region and name are the same.

    Lightsail keeps the roles of each AWS account's services in an account of its own. Where none is known ("" is
    none), it may be the service's.
    """
    role = service_of(principal)
    accounts = {account_of(arn) for arn in known} - {""}
    return role is not None and bool(accounts) and role.account not in accounts


def account_named(value: str) -> str:
    """The 12 digits of the account that `value` names as a whole (bare id or root ARN), else an empty string."""
    if not value.endswith(":root") and len(value) != _ACCOUNT_DIGITS:
        return ""
    match = _ACCOUNT.fullmatch(value)
    return match["account"] if match else ""


def account_of(arn: str) -> str:
    """The account that the identity `arn` belongs to, or that it names; empty where it tells none."""
    match = IDENTITY.fullmatch(arn)
    return match["account"] if match else account_named(arn)


def same_form(value: str) -> str:
    """`value` in one form: ECR returns the account `123456789012` as `arn:aws:iam::123456789012:root`."""
    return account_named(value) or value


def is_guessed_service(value: str) -> bool:
    """Whether `value` is a service principal that people guess for Lightsail; Lightsail pulls by a role alone."""
    return _GUESSED_SERVICE.fullmatch(value.strip().lower()) is not None


def is_no_service(value: str) -> bool:
    """Whether `value` is a guessed service principal that does not exist.

    `lightsail.amazonaws.com` exists, for Lightsail's service-linked role, though container services never pull by it.
    """
    return is_guessed_service(value) and value.strip().lower() not in _SERVICE_OF_LIGHTSAIL


def is_no_principal(value: str) -> bool:
    """Whether a value under `AWS` in a `Principal` can name nobody at all, so that ECR refuses it whoever is there.

    IAM takes no wildcard inside an ARN (`…:*` neither), no group, and nothing of another service than IAM and STS. What
    only might be none, such as an ARN of a kind that is not known here, is not one of these.
    """
    if value == WILDCARD or account_named(value) or UNIQUE_ID.fullmatch(value):
        return False
    match = IDENTITY.fullmatch(value)
    if match is not None:
        return match["what"] in _NO_PRINCIPALS
    return not value.startswith(_CLOUDFRONT)


def is_arn(value: str) -> bool:
    """Whether `value` has the form of an IAM identity's ARN: neither empty nor the `None` of a script too early."""
    return IDENTITY.fullmatch(value) is not None
