"""What is certain about the request context of a pull: the keys that a policy's conditions test.

A condition is decided only by what is certain. Each row says why it is. A key without a row may be absent or have
any value, and a condition on it stays open. Left open on purpose, except that some of them are certain to be text, which
matches `*` if they are there:

- `aws:PrincipalTag/…`, `aws:SourceIdentity`, `aws:TokenIssueTime`: properties of a role or session in AWS's own account.
- `aws:SourceIp`, `aws:VpcSourceIp`, `aws:UserAgent`, `aws:Referer`: where and with what Lightsail pulls is not published.
- `aws:ResourceTag/…`, `ecr:ResourceTag/…`, `aws:ResourceOrgID`, `aws:ResourceOrgPaths`: unknown from the inputs here.
- `ec2:…`, `lambda:…` and keys of other services: some are in the requests of credentials that they issued.

From AWS's reference of global condition context keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from app.policy.arns import NOBODYS_ACCOUNT, account_id, account_of
from app.policy.principals import ROLES, PrincipalKind, kind_of


@dataclass(frozen=True)
class Hidden:
    """A value that only AWS knows. It starts with `head`.

    `foreign`: it belongs to AWS, so that no policy of the reader's can write it out in full (up to its first `/`),
    except `perhaps`.
    """

    head: str = ""
    foreign: bool = False
    perhaps: str = ""


Value: TypeAlias = str | Hidden
Possible: TypeAlias = tuple[Value, ...] | None
"""A key's values in one possible request; None: the key is absent."""

ABSENT: tuple[Possible, ...] = (None,)
OPEN: tuple[Possible, ...] = (None, (Hidden(),))


class KeyType(StrEnum):
    """The operator family of a key's value."""

    STRING = "string"
    ARN = "arn"
    BOOL = "bool"
    NUMERIC = "numeric"
    DATE = "date"
    EPOCH = "epoch"


@dataclass(frozen=True)
class RequestContext:
    """A pull: who, from which repository, when. Unknown values are "" or None."""

    kind: PrincipalKind
    principal: str
    repository_arn: str = ""
    now: datetime | None = None

    @classmethod
    def of(cls, principal_type: str, value: str, repository_arn: str, now: datetime | None) -> RequestContext:
        """Return the pull of a principal as a policy names it."""
        return cls(kind_of(principal_type, value), value, repository_arn, now)

    @cached_property
    def account(self) -> str:
        """The caller's account; "" if not known."""
        account = account_of(self.principal)
        return "" if account == NOBODYS_ACCOUNT else account

    @property
    def is_lightsail(self) -> bool:
        """Whether the caller is a role that Lightsail made for a container service."""
        return self.kind in (PrincipalKind.PULLER, PrincipalKind.GENERAL)

    def possible(self, key: str) -> tuple[Possible, ...]:
        """Return every possible value of this key in the request's context; `key` in lower case."""
        fact = fact_of(key)
        return OPEN if fact is None else fact.possible(self)


@dataclass(frozen=True)
class Fact:
    """What is certain about one key. A `key` ending with `*` matches any suffix; `*:` before it matches any service."""

    key: str
    possible: Callable[[RequestContext], tuple[Possible, ...]]
    why: str
    type: KeyType = KeyType.STRING
    multivalued: bool = False
    personal: bool = True
    """Whether it differs between callers."""


def fact_of(key: str) -> Fact | None:
    """Return the row of this key, given in lower case."""
    exact = _BY_KEY.get(key)
    if exact is not None:
        return exact
    return next((fact for mark, fact in _BY_PART if key.startswith(mark) or key.endswith(mark)), None)


def _is(value: str) -> tuple[Possible, ...]:
    return ((value,),)


def _of_lightsail(*possible: Possible) -> Callable[[RequestContext], tuple[Possible, ...]]:
    return lambda request: possible if request.is_lightsail else OPEN


def _of_identities(*possible: Possible) -> Callable[[RequestContext], tuple[Possible, ...]]:
    """Return these values for a caller that is an IAM identity in any account, and not an AWS service."""
    return lambda request: possible if account_of(request.principal) else OPEN


_ROLES = ROLES | {PrincipalKind.SESSION}
_NAMED_BY_ARN = ROLES | {PrincipalKind.USER}


def _principal_arn(request: RequestContext) -> tuple[Possible, ...]:
    if request.kind in _NAMED_BY_ARN and request.account:
        return _is(request.principal)
    return ((Hidden("arn:"),),) if account_of(request.principal) else OPEN


def _principal_account(request: RequestContext) -> tuple[Possible, ...]:
    if request.account:
        return _is(account_id(request.account))
    return ((Hidden(),),) if account_of(request.principal) else OPEN


def _principal_type(request: RequestContext) -> tuple[Possible, ...]:
    if request.kind in _ROLES:
        return _is("AssumedRole")
    return _is("User") if request.kind is PrincipalKind.USER else OPEN


def _username(request: RequestContext) -> tuple[Possible, ...]:
    if request.kind in _ROLES:
        return ABSENT
    return _is(request.principal.rsplit("/", 1)[-1]) if request.kind is PrincipalKind.USER else OPEN


def _user_id(request: RequestContext) -> tuple[Possible, ...]:
    return ((Hidden("AROA"),),) if request.kind in _ROLES else OPEN


def _foreign_account(request: RequestContext) -> tuple[Possible, ...]:
    if not request.is_lightsail:
        return OPEN
    return (None, (Hidden(foreign=True, perhaps=request.account),)) if request.account else OPEN


def _current_time(request: RequestContext) -> tuple[Possible, ...]:
    return OPEN if request.now is None else _is(request.now.astimezone(UTC).isoformat())


def _epoch_time(request: RequestContext) -> tuple[Possible, ...]:
    return OPEN if request.now is None else _is(str(int(request.now.timestamp())))


def _region(request: RequestContext) -> tuple[Possible, ...]:
    parts = request.repository_arn.split(":")
    return _is(parts[3]) if len(parts) > 5 else ((Hidden(),),)


def _resource_account(request: RequestContext) -> tuple[Possible, ...]:
    parts = request.repository_arn.split(":")
    return _is(parts[4]) if len(parts) > 5 else ((Hidden(),),)


_FOREIGN_ORGANIZATION = _of_lightsail(None, (Hidden("o-", foreign=True),))
_FOREIGN_VPC = _of_lightsail(None, (Hidden("vpc", foreign=True),))
_TEXTS = (
    *("aws:principaltag/*", "aws:resourcetag/*", "ecr:resourcetag/*"),
    *("aws:resourceorgid", "aws:sourceidentity", "aws:useragent", "aws:referer"),
)
_ORGANIZATION = "the account is AWS's: in no organization of a reader's, perhaps in one of AWS's own"
_NETWORK = (
    "Lightsail pulls from AWS's own network: through no VPC or endpoint of a reader's, perhaps through one of AWS's"
)
_SERVICE_CALL = "sent only where an AWS service calls by its service principal; an IAM identity calls by a role or user"
_FORWARDED = "Lightsail pulls with a role of its own, not with credentials that somebody's request forwarded"
_FEDERATED = "stands only in a session that an identity provider opened; Lightsail assumes the role as a service"

FACTS = (
    Fact("aws:securetransport", lambda _: _is("true"), "ECR answers over HTTPS alone", KeyType.BOOL, personal=False),
    Fact("aws:currenttime", _current_time, "the clock that is given in", KeyType.DATE, personal=False),
    Fact("aws:epochtime", _epoch_time, "the clock that is given in", KeyType.EPOCH, personal=False),
    Fact("aws:requestedregion", _region, "a repository answers in its own Region alone", personal=False),
    Fact("aws:resourceaccount", _resource_account, "the account in the repository's ARN", personal=False),
    Fact("aws:requesttag/*", lambda _: ABSENT, "the actions of a pull take no tags", personal=False),
    Fact("aws:tagkeys", lambda _: ABSENT, "the actions of a pull take no tags", multivalued=True, personal=False),
    Fact("*:tlsversion", lambda _: (None, ("1.2",), ("1.3",)), "AWS accepts TLS 1.2 and newer; S3's key, not ECR's", KeyType.NUMERIC, personal=False),
    *(Fact(key, lambda _: OPEN, "any text, or absent", personal=False) for key in _TEXTS),
    Fact("aws:principalarn", _principal_arn, "of a role its own ARN, not the session's", KeyType.ARN),
    Fact("aws:principalaccount", _principal_account, "the account in the principal's ARN"),
    Fact("aws:principaltype", _principal_type, "a role is used by sessions, which are of the type AssumedRole"),
    Fact("aws:userid", _user_id, "of a session: the role's unique id, a colon, the session's name"),
    Fact("aws:username", _username, "IAM users have one, roles do not"),
    Fact("aws:principalisawsservice", _of_identities(("false",)), _SERVICE_CALL, KeyType.BOOL),
    Fact("aws:principalservicename", _of_identities(None), _SERVICE_CALL),
    Fact("aws:principalservicenameslist", _of_identities(None), _SERVICE_CALL, multivalued=True),
    Fact("aws:sourcearn", _of_identities(None), _SERVICE_CALL, KeyType.ARN),
    Fact("aws:sourceaccount", _of_identities(None), _SERVICE_CALL),
    Fact("aws:sourceorgid", _of_identities(None), _SERVICE_CALL),
    Fact("aws:sourceorgpaths", _of_identities(None), _SERVICE_CALL, multivalued=True),
    Fact("aws:principalorgid", _FOREIGN_ORGANIZATION, _ORGANIZATION),
    Fact("aws:principalorgpaths", _FOREIGN_ORGANIZATION, _ORGANIZATION, multivalued=True),
    Fact("aws:principalorgmasteraccountid", _foreign_account, _ORGANIZATION),
    Fact("aws:sourcevpc", _FOREIGN_VPC, _NETWORK),
    Fact("aws:sourcevpcarn", _of_lightsail(None, (Hidden("arn:"),)), _NETWORK, KeyType.ARN),
    Fact("aws:sourcevpce", _FOREIGN_VPC, _NETWORK),
    Fact("aws:vpceaccount", _foreign_account, _NETWORK),
    Fact("aws:vpceorgid", _FOREIGN_ORGANIZATION, _NETWORK),
    Fact("aws:vpceorgpaths", _FOREIGN_ORGANIZATION, _NETWORK, multivalued=True),
    Fact("aws:ec2instancesourcevpc", _FOREIGN_VPC, _NETWORK),
    Fact("aws:viaawsservice", _of_lightsail(("false",)), _FORWARDED, KeyType.BOOL),
    Fact("aws:calledvia", _of_lightsail(None), _FORWARDED, multivalued=True),
    Fact("aws:calledviafirst", _of_lightsail(None), _FORWARDED),
    Fact("aws:calledvialast", _of_lightsail(None), _FORWARDED),
    Fact("aws:multifactorauthpresent", _of_lightsail(None, ("false",)), "a service types no code", KeyType.BOOL),
    Fact("aws:multifactorauthage", _of_lightsail(None), "a service types no code", KeyType.NUMERIC),
    Fact("aws:federatedprovider", _of_lightsail(None), _FEDERATED),
    Fact("saml:*", _of_lightsail(None), _FEDERATED),
    Fact("cognito-identity.amazonaws.com:*", _of_lightsail(None), _FEDERATED),
    Fact("accounts.google.com:*", _of_lightsail(None), _FEDERATED),
    Fact("graph.facebook.com:*", _of_lightsail(None), _FEDERATED),
    Fact("www.amazon.com:*", _of_lightsail(None), _FEDERATED),
    Fact("aws:assumedroot", _of_lightsail(None), "stands only in a session of sts:AssumeRoot"),
    Fact("aws:chatbotsourcearn", _of_lightsail(None), "stands only in what is asked for in a chat", KeyType.ARN),
)  # fmt: skip

_BY_KEY = {fact.key: fact for fact in FACTS if "*" not in fact.key}
_BY_PART = tuple((fact.key.strip("*"), fact) for fact in FACTS if "*" in fact.key)
