"""Parses IAM ARNs and account ids as policies write them.

An account of another partition than `aws`, where Lightsail is, is written with its partition, such as
`aws-cn:123456789012`: each partition numbers its accounts by itself, so the same id there is another account.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

WILDCARD = "*"

NOBODYS_ACCOUNT = "000000000000"
"""AWS assigns this account id to no customer. ARNs hold it in place of an account that is not known yet."""

_LIGHTSAIL_ROLE = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):role/amazon/lightsail/(?P<region>[a-z0-9-]+)"
    r"/containers/(?P<service>[^/]+)/(?P<rest>.+)"
)
UNIQUE_ID = re.compile(r"A(?:ROA|IDA|GPA|IPA)[A-Z0-9]{8,}")
_ACCOUNT_DIGITS = 12
_ACCOUNT = re.compile(r"(?:arn:(?P<partition>aws[a-z-]*):iam::)?(?P<account>\d{12})(?::root)?")
IDENTITY = re.compile(r"arn:(?P<partition>aws[a-z-]*):(?:iam|sts)::(?P<account>\d{12}):(?P<what>[a-z-]+)/[^*?]+")
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
    """Return the Lightsail role that `arn` names, or None if it names anything else."""
    match = _LIGHTSAIL_ROLE.fullmatch(arn)
    if match is None:
        return None
    rest = match["rest"]
    is_puller = "/" in rest or rest.replace("-", "").lower().startswith("privaterepo")
    return LightsailRole(arn, match["partition"], match["account"], match["region"], match["service"], is_puller)


def is_namesakes(principal: str, own_arns: Iterable[str]) -> bool:
    """Return whether a Lightsail role is of another service than the roles `own_arns`, with the same Region and name.

    Lightsail keeps the roles of each AWS account's services in one account of its own, so a different account means a
    different service. With no known role ("" does not count), the answer is False.
    """
    role = service_of(principal)
    accounts = {account_of(arn) for arn in own_arns} - {""}
    return role is not None and bool(accounts) and role.account not in accounts


def role_of(arn: str) -> tuple[str, str] | None:
    """Return account and name of the role that `arn` names, or whose session it names; None for anything else.

    The ARN of a session leaves out the path of its role.
    """
    match = IDENTITY.fullmatch(arn)
    if match is None or match["what"] not in ("role", "assumed-role"):
        return None
    name = arn.split(":", 5)[5].partition("/")[2]
    return _account(match), name.rpartition("/")[2] if match["what"] == "role" else name.partition("/")[0]


def is_session(arn: str) -> bool:
    """Return whether `arn` names a session of a role."""
    match = IDENTITY.fullmatch(arn)
    return match is not None and match["what"] == "assumed-role"


def account_named(value: str) -> str:
    """Return the account if `value` is a bare 12-digit id or a root ARN, else an empty string."""
    if not value.endswith(":root") and len(value) != _ACCOUNT_DIGITS:
        return ""
    match = _ACCOUNT.fullmatch(value)
    return _account(match) if match else ""


def account_of(arn: str) -> str:
    """Return the account that the identity `arn` belongs to or names; an empty string if it holds none."""
    match = IDENTITY.fullmatch(arn)
    return _account(match) if match else account_named(arn)


def account_id(account: str) -> str:
    """Return the account's 12 digits alone."""
    return account.rpartition(":")[2]


def forms_of_account(account: str) -> tuple[str, ...]:
    """Return every form in which a policy may name the account."""
    partition, _, digits = account.rpartition(":")
    root = f"arn:{partition or 'aws'}:iam::{digits}:root"
    return (root,) if partition else (account, root)


def same_form(value: str) -> str:
    """Return `value` in one form: ECR returns the account `123456789012` as `arn:aws:iam::123456789012:root`."""
    return account_named(value) or value


def is_guessed_service(value: str) -> bool:
    """Return whether `value` is a service principal that people guess for Lightsail, which pulls only with a role.

    It may exist all the same: `lightsail.amazonaws.com` does, for Lightsail's service-linked role, and AWS has service
    principals of the form `SERVICE.REGION.amazonaws.com` for opt-in Regions.
    """
    return _GUESSED_SERVICE.fullmatch(value.strip().lower()) is not None


def is_no_principal(value: str) -> bool:
    """Return whether a value under `AWS` in a `Principal` is certain to be invalid, so that ECR always refuses it.

    IAM accepts no wildcard inside an ARN (not `…:*` either), no group, and only IAM and STS resources. Values that are
    only possibly invalid, such as an ARN of an unknown kind, return False.
    """
    if value == WILDCARD or account_named(value) or UNIQUE_ID.fullmatch(value):
        return False
    match = IDENTITY.fullmatch(value)
    if match is not None:
        return match["what"] in _NO_PRINCIPALS
    return not value.startswith(_CLOUDFRONT)


def _account(match: re.Match[str]) -> str:
    """Return the account of an ARN or id, with its partition unless that is `aws`."""
    partition: str | None = match["partition"]
    digits: str = match["account"]
    return digits if partition in (None, "aws") else f"{partition}:{digits}"


def is_arn(value: str) -> bool:
    """Return whether `value` has the form of an IAM identity's ARN: not empty, nor a script's `None`."""
    return IDENTITY.fullmatch(value) is not None
