"""From what AWS or its SDK says to our problems, in one table. Must never guess: what is not in the table stays visible.

AWS's codes come first; its text is asked only where one code means several things, and only within that code.
HTTP status is asked only for codes that nobody knows (AWS's own pages disagree on them).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from app.errors import Problem

POLICY_LIMIT = 10_240  # characters; the RepositoryPolicyText shape of ECR's model


class TooLate(Exception):  # noqa: N818  (raised inside the SDK to end a call)
    """The call has taken so long that no further attempt is made."""


@dataclass(frozen=True)
class Call:
    """One call to AWS, for the problem that may come of it.

    `subject` names what it is about: `service`, `repository`, `characters` and `over` (of a policy text, and beyond its limit).
    """

    service: str
    operation: str
    region: str
    subject: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def action(self) -> str:
        """The call as IAM names it, such as `ecr:SetRepositoryPolicy`."""
        return f"{self.service}:{self.operation}"


class Rule(NamedTuple):
    """One line of the table: our code, whether trying later may help, the fence on the text, the subject it needs."""

    code: str
    retryable: bool = False
    hint: re.Pattern[str] | None = None
    about: str = ""


def _hint(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_EXPIRED = (Rule("aws.expired_token"),)
_BAD_CREDENTIALS = (Rule("aws.bad_credentials"),)
_DENIED = (Rule("aws.access_denied"),)
_THROTTLED = (Rule("aws.throttled", retryable=True),)
_FAILED = (Rule("aws.failed", retryable=True),)
_REGION_SETUP = (Rule("aws.region_setup", retryable=True),)
_REGION_DISABLED = (Rule("aws.region_disabled"),)
_CLOCK = _hint("signature (expired|not yet current)|too skewed")
_SIGNATURE = (Rule("aws.clock_wrong", hint=_CLOCK), Rule("aws.bad_credentials"))
_REFUSED = (Rule("aws.refused"),)

# The whole table. The first rule that fits is taken.
AWS_CODES: Mapping[str, tuple[Rule, ...]] = {
    # Lightsail, as modelled
    "NotFoundException": (Rule("service.not_found", about="service"), Rule("aws.refused")),
    "InvalidInputException": (
        Rule("service.busy", retryable=True, hint=_hint("transition state|in progress"), about="service"),
        Rule("service.refused", about="service"),
        Rule("aws.refused"),
    ),
    "ServiceException": _FAILED,
    "UnauthenticatedException": _BAD_CREDENTIALS,
    "RegionSetupInProgressException": _REGION_SETUP,
    "AccountSetupInProgressException": _REGION_SETUP,
    # ECR, as modelled
    "RepositoryNotFoundException": (Rule("repository.not_found", about="repository"), Rule("aws.refused")),
    "RepositoryPolicyNotFoundException": (Rule("policy.not_found", about="repository"),),
    "ImageNotFoundException": (Rule("image.not_found", about="repository"),),
    "InvalidParameterException": (
        Rule("policy.principal_not_found", retryable=True, hint=_hint("principal not found"), about="repository"),
        Rule("policy.too_long", hint=_hint("policyText.*less than or equal to"), about="characters"),
        Rule("policy.refused", hint=_hint("policyText|invalid repository policy"), about="repository"),
        Rule("repository.bad_name", hint=_hint("repositoryNames?'"), about="repository"),
        Rule("aws.refused"),
    ),
    "ServerException": _FAILED,
    # Common to all of AWS, left out of the models
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "NotAuthorized": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": (Rule("aws.clock_wrong"),),
    "RequestTimeTooSkewed": (Rule("aws.clock_wrong"),),
    "SignatureDoesNotMatch": _SIGNATURE,
    "InvalidSignatureException": _SIGNATURE,
    "UnrecognizedClientException": _BAD_CREDENTIALS,
    "InvalidClientTokenId": _BAD_CREDENTIALS,
    "InvalidAccessKeyId": _BAD_CREDENTIALS,
    "AuthFailure": _BAD_CREDENTIALS,
    "MissingAuthenticationToken": _BAD_CREDENTIALS,
    "MissingAuthenticationTokenException": _BAD_CREDENTIALS,
    "IncompleteSignature": _BAD_CREDENTIALS,
    "IncompleteSignatureException": _BAD_CREDENTIALS,
    "OptInRequired": _REGION_DISABLED,
    "SubscriptionRequiredException": _REGION_DISABLED,
    "RegionDisabledException": _REGION_DISABLED,
    "Throttling": _THROTTLED,
    "ThrottlingException": _THROTTLED,
    "ThrottledException": _THROTTLED,
    "RequestThrottled": _THROTTLED,
    "RequestThrottledException": _THROTTLED,
    "RequestLimitExceeded": _THROTTLED,
    "TooManyRequests": _THROTTLED,
    "TooManyRequestsException": _THROTTLED,
    "SlowDown": _THROTTLED,
    "InternalFailure": _FAILED,
    "InternalError": _FAILED,
    "InternalServerError": _FAILED,
    "InternalServerException": _FAILED,
    "ServiceFailure": _FAILED,
    "ServiceUnavailable": _FAILED,
    "ServiceUnavailableException": _FAILED,
    "RequestTimeout": (Rule("aws.slow", retryable=True),),
    "RequestTimeoutException": (Rule("aws.slow", retryable=True),),
    "ValidationError": _REFUSED,
    "ValidationException": _REFUSED,
    "SerializationException": _REFUSED,
    "UnknownOperationException": (Rule("aws.not_aws"),),
}

_SIGN_IN = Rule("aws.sign_in_expired")
_UNAVAILABLE = Rule("aws.credentials_unavailable")
_CONFIG = Rule("aws.bad_config")
_NO_SUCH_REGION = Rule("aws.unknown_region")
_UNREACHABLE = Rule("aws.unreachable", retryable=True)

# What the SDK itself raises. The first class that fits is taken, so the narrow ones stand first.
SDK_ERRORS: tuple[tuple[type[Exception], tuple[Rule, ...]], ...] = (
    (sdk.NoCredentialsError, (Rule("aws.no_credentials"),)),
    (sdk.NoAuthTokenError, (Rule("aws.no_credentials"),)),
    (sdk.PartialCredentialsError, (Rule("aws.partial_credentials"),)),
    (sdk.ProfileNotFound, (Rule("aws.no_profile"),)),
    (sdk.TokenRetrievalError, (_SIGN_IN,)),
    (sdk.SSOError, (_SIGN_IN,)),
    (sdk.LoginError, (_SIGN_IN,)),
    (sdk.CredentialRetrievalError, (_UNAVAILABLE,)),
    (sdk.MetadataRetrievalError, (_UNAVAILABLE,)),
    (sdk.RefreshWithMFAUnsupportedError, (_UNAVAILABLE,)),
    (sdk.MissingDependencyException, (_UNAVAILABLE,)),
    (sdk.UnknownTokenProviderError, (_UNAVAILABLE,)),
    (sdk.UnknownCredentialError, (_CONFIG,)),
    (sdk.ConfigParseError, (_CONFIG,)),
    (sdk.ConfigNotFound, (_CONFIG,)),
    (sdk.InvalidConfigError, (_CONFIG,)),
    (sdk.InvalidRetryConfigurationError, (_CONFIG,)),
    (sdk.InvalidDefaultsMode, (_CONFIG,)),
    (sdk.InvalidSTSRegionalEndpointsConfigError, (_CONFIG,)),
    (sdk.InvalidEndpointConfigurationError, (_CONFIG,)),
    (sdk.InvalidIMDSEndpointError, (_CONFIG,)),
    (sdk.InvalidIMDSEndpointModeError, (_CONFIG,)),
    (sdk.InvalidChecksumConfigError, (_CONFIG,)),
    (sdk.InvalidProxiesConfigError, (Rule("aws.proxy"),)),
    (sdk.NoRegionError, (Rule("aws.no_region"),)),
    (sdk.InvalidRegionError, (_NO_SUCH_REGION,)),
    (sdk.UnknownRegionError, (_NO_SUCH_REGION,)),
    (sdk.ServiceNotInRegionError, (_NO_SUCH_REGION,)),
    (sdk.BaseEndpointResolverError, (_NO_SUCH_REGION,)),
    (sdk.EndpointProviderError, (_NO_SUCH_REGION,)),
    (sdk.SSLError, (Rule("aws.not_trusted"),)),
    (sdk.ProxyConnectionError, (Rule("aws.proxy", retryable=True),)),
    (sdk.ReadTimeoutError, (Rule("aws.slow", retryable=True),)),
    (sdk.ConnectTimeoutError, (_UNREACHABLE,)),
    (sdk.ConnectionError, (_UNREACHABLE,)),
    (sdk.HTTPClientError, (_UNREACHABLE,)),
    (sdk.IncompleteReadError, (_UNREACHABLE,)),
    (ResponseParserError, (Rule("aws.not_aws"),)),
    (
        sdk.ParamValidationError,
        (
            Rule("repository.bad_name", hint=_hint("repositoryName"), about="repository"),
            Rule("service.not_found", hint=_hint("serviceName"), about="service"),
            Rule("aws.refused"),
        ),
    ),
    (TooLate, (Rule("aws.slow", retryable=True),)),
    # From outside the SDK's own tree: an address that is none, a credential program that is not there.
    (ValueError, (_CONFIG,)),
    (OSError, (_UNAVAILABLE,)),
)

# Problems that go away by reading the credentials again, after the person has signed in or changed a file.
CREDENTIAL_PROBLEMS = frozenset(
    {
        "aws.no_credentials",
        "aws.partial_credentials",
        "aws.expired_token",
        "aws.bad_credentials",
        "aws.sign_in_expired",
        "aws.credentials_unavailable",
        "aws.no_profile",
        "aws.bad_config",
    }
)

_DENIAL = re.compile(r"not authorized to perform: (\S+)(?: on resource: (\S+))?")
_QUOTED_STATE = re.compile(r"transition state \(\W*([A-Z_]+)\W*\)")
_ACCESS_KEY_ID = re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{4})[A-Z0-9]{8,}\b")
_PASSWORD_IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+(?=@)")
_MESSAGE_LIMIT = 600


def problem_of_aws(error: sdk.ClientError, call: Call) -> Problem:
    """The problem that AWS's error answer means, with AWS's code, message and request id kept."""
    told = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code, message = str(told.get("Code", "")), str(told.get("Message", ""))
    rules = AWS_CODES.get(code) or _rules_of_unknown(code, status)
    rule = _choose(rules, message, call)
    return Problem(
        rule.code,
        retryable=rule.retryable,
        aws_code=code,
        aws_message=_presentable(message),
        request_id=str(error.response.get("ResponseMetadata", {}).get("RequestId", "")),
        **{**_common(call, code), **_said(rule.code, message, call)},
    )


def problem_of_sdk(error: Exception, call: Call) -> Problem:
    """The problem that an exception of the SDK itself means: nothing was asked of AWS, or nothing came back."""
    name, message = type(error).__name__, str(error)
    rules = next((rules for kind, rules in SDK_ERRORS if isinstance(error, kind)), (Rule("aws.unknown"),))
    rule = _choose(rules, message, call)
    kwargs: Mapping[str, Any] = getattr(error, "kwargs", {})
    address = str(kwargs.get("endpoint_url") or kwargs.get("proxy_url") or "")
    extra = {"endpoint": host_of(address) or call.service, "profile": str(kwargs.get("profile", ""))}
    return Problem(
        rule.code,
        retryable=rule.retryable,
        aws_code=name,
        aws_message=_presentable(message),
        **{**_common(call, name), **extra},
    )


def _rules_of_unknown(code: str, status: int) -> tuple[Rule, ...]:
    """For a code that nobody knows, its HTTP status; a bare number as code means that no AWS wrote the body."""
    if status == 429:
        return _THROTTLED
    if status >= 500:
        return _FAILED
    return (Rule("aws.not_aws"),) if code.isdigit() else (Rule("aws.unknown"),)


def _choose(rules: tuple[Rule, ...], message: str, call: Call) -> Rule:
    for rule in rules:
        if (not rule.about or rule.about in call.subject) and (not rule.hint or rule.hint.search(message)):
            return rule
    return Rule("aws.unknown")


def _common(call: Call, answer: str) -> dict[str, Any]:
    """What every sentence may name."""
    return {
        "answer": answer,
        "action": call.action,
        "region": call.region,
        "endpoint": call.service,
        "limit": POLICY_LIMIT,
        **call.subject,
    }


def _said(code: str, message: str, call: Call) -> dict[str, Any]:
    """What AWS's text adds: the action and resource it refused, the state it named."""
    if code == "aws.access_denied":
        denial = _DENIAL.search(message)
        action, resource = denial.groups() if denial else (None, None)
        reason = "explicit_deny" if "explicit deny" in message else "not_allowed"
        return {"action": action or call.action, "resource": (resource or "*").rstrip("."), "reason": reason}
    state = _QUOTED_STATE.search(message) if code == "service.busy" else None
    return {"state": state[1]} if state else {}


def host_of(address: str) -> str:
    """Host and port of an address, without the password that a proxy's may hold."""
    return urlsplit(address).netloc.rpartition("@")[2]


def _presentable(message: str) -> str:
    """AWS's message without what must not be repeated.

    That is the canonical request (it holds the session token), access key ids, and the password in a proxy's address.
    """
    said = message.partition("The Canonical String")[0].strip()
    said = _PASSWORD_IN_ADDRESS.sub("…", _ACCESS_KEY_ID.sub(r"\1…", said))
    return said if len(said) <= _MESSAGE_LIMIT else f"{said[:_MESSAGE_LIMIT]}…"
