"""From what AWS answers to our problems, in one table. Must never guess: what is not in the table stays visible.

AWS's codes come first; its text is asked only where one code means several things, and only within that code.
HTTP status is asked only for codes that nobody knows (AWS's own pages disagree on them).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from botocore import exceptions as sdk

from app.aws.answers import SERVER_FAULTS
from app.aws.denials import NOT_ALLOWED, denial_of
from app.aws.exchange import clean_request_id
from app.errors import Problem
from app.limits import POLICY_CHARACTERS


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


class ErrorRule(NamedTuple):
    """One line of the table: our code, whether trying later may help, the fence on the text, the subject it needs."""

    code: str
    retryable: bool = False
    hint: re.Pattern[str] | None = None
    about: str = ""


def pattern(text: str) -> re.Pattern[str]:
    """A fence on a text, whatever the case of its letters."""
    return re.compile(text, re.IGNORECASE)


_EXPIRED = (ErrorRule("aws.expired_token"),)
_BAD_CREDENTIALS = (ErrorRule("aws.bad_credentials"),)
_DENIED = (ErrorRule("aws.access_denied"),)
_THROTTLED = (ErrorRule("aws.throttled", retryable=True),)
_FAILED = (ErrorRule("aws.failed", retryable=True),)
_REGION_SETUP = (ErrorRule("aws.region_setup", retryable=True),)
_REGION_DISABLED = (ErrorRule("aws.region_disabled"),)
_CLOCK = pattern("signature (expired|not yet current)|too skewed")
_SIGNATURE = (ErrorRule("aws.clock_wrong", hint=_CLOCK), ErrorRule("aws.bad_credentials"))
_REFUSED = (ErrorRule("aws.refused"),)

# The whole table. The first rule that fits is taken.
AWS_CODES: Mapping[str, tuple[ErrorRule, ...]] = {
    # Lightsail, as modelled
    "NotFoundException": (ErrorRule("service.not_found", about="service"), ErrorRule("aws.refused")),
    "InvalidInputException": (
        ErrorRule("service.busy", retryable=True, hint=pattern("transition state|in progress"), about="service"),
        ErrorRule("service.refused", about="service"),
        ErrorRule("aws.refused"),
    ),
    "UnauthenticatedException": _BAD_CREDENTIALS,
    "RegionSetupInProgressException": _REGION_SETUP,
    "AccountSetupInProgressException": _REGION_SETUP,
    # ECR, as modelled
    "RepositoryNotFoundException": (ErrorRule("repository.not_found", about="repository"), ErrorRule("aws.refused")),
    "RepositoryPolicyNotFoundException": (ErrorRule("policy.not_found", about="repository"),),
    "RegistryPolicyNotFoundException": (ErrorRule("registry.no_policy"),),
    "ImageNotFoundException": (ErrorRule("image.not_found", about="repository"),),
    "LifecyclePolicyNotFoundException": (ErrorRule("lifecycle.not_found", about="repository"),),
    "InvalidParameterException": (
        ErrorRule(
            "policy.principal_not_found", retryable=True, hint=pattern("principal not found"), about="repository"
        ),
        ErrorRule("policy.too_long", hint=pattern("policyText.*less than or equal to"), about="characters"),
        ErrorRule("policy.refused", hint=pattern("policyText|invalid repository policy"), about="repository"),
        ErrorRule("repository.bad_name", hint=pattern("repositoryNames?'"), about="repository"),
        ErrorRule("aws.refused"),
    ),
    # Common to all of AWS, left out of the models
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "UnauthorizedOperation": _DENIED,
    "NotAuthorized": _DENIED,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": (ErrorRule("aws.clock_wrong"),),
    "RequestTimeTooSkewed": (ErrorRule("aws.clock_wrong"),),
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
    **dict.fromkeys(SERVER_FAULTS, _FAILED),
    "RequestTimeout": (ErrorRule("aws.slow", retryable=True),),
    "RequestTimeoutException": (ErrorRule("aws.slow", retryable=True),),
    "ValidationError": _REFUSED,
    "ValidationException": _REFUSED,
    "SerializationException": _REFUSED,
    "UnknownOperationException": (ErrorRule("aws.not_aws"),),
}

# Problems whose sentence says all there is, so that AWS's text, which may repeat a part of the request, is not kept.
_UNQUOTED: Final = frozenset({"aws.bad_credentials", "aws.expired_token", "aws.not_aws", "aws.clock_wrong"})
_QUOTED_STATE = re.compile(r"transition state \(\W{0,3}([A-Z_]{1,40})\W{0,3}\)")
_ACCESS_KEY_ID = re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{4})[A-Z0-9]{8,}\b")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
# What follows these in a text of AWS's is a part of the request, or a long cipher.
_UNQUOTED_FROM: Final = ("The Canonical String", "The String-to-Sign", "Encoded authorization failure message")
# The one text about a wrong clock that can be shown: it holds times and nothing else.
_TIMES = re.compile(
    r"Signature (expired|not yet current): [0-9TZ]{16} is (now earlier|still later) than [0-9TZ() +min.-]{16,60}"
)
_MESSAGE_LIMIT = 600
_LONGEST_READ = 4_000
_SHORTEST_SECRET = 8


def problem_of_aws(error: sdk.ClientError, call: Call, secrets: Iterable[str] = ()) -> Problem:
    """The problem that AWS's error answer means, with AWS's code, message and request id kept.

    Args:
        error: the SDK's, from an answer that AWS wrote.
        call: what was called.
        secrets: what must not be repeated wherever AWS's text may hold it: the credentials in use.
    """
    error_body = error.response.get("Error", {})
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = _CONTROL.sub(" ", str(error_body.get("Code", "")))[:100]
    message = str(error_body.get("Message", ""))[:_LONGEST_READ]
    rules = AWS_CODES.get(code) or _rules_of_unknown(code, status)
    rule = choose(rules, message, call)
    return Problem(
        rule.code,
        retryable=rule.retryable,
        aws_code=code,
        aws_message=presentable(message, secrets) if _can_be_quoted(rule.code, message) else "",
        request_id=clean_request_id(error.response.get("ResponseMetadata", {}).get("RequestId")),
        **{**common(call, code), **_said(rule.code, message, call)},
    )


def choose(rules: Iterable[ErrorRule], message: str, call: Call) -> ErrorRule:
    """The first rule that fits the text and the call."""
    for rule in rules:
        if (not rule.about or rule.about in call.subject) and (not rule.hint or rule.hint.search(message)):
            return rule
    return ErrorRule("aws.unknown")


def common(call: Call, answer: str) -> dict[str, Any]:
    """What every sentence may name."""
    return {
        "answer": answer,
        "action": call.action,
        "region": call.region,
        "endpoint": call.service,
        "limit": POLICY_CHARACTERS,
        **call.subject,
    }


def presentable(message: str, secrets: Iterable[str] = ()) -> str:
    """AWS's message without what must not be repeated; "" where it holds one of `secrets`."""
    for begin in _UNQUOTED_FROM:
        message = message.partition(begin)[0]
    if any(len(secret) >= _SHORTEST_SECRET and secret in message for secret in secrets):
        return ""
    said = _ACCESS_KEY_ID.sub(r"\1…", _CONTROL.sub(" ", message)).strip()
    return said if len(said) <= _MESSAGE_LIMIT else f"{said[:_MESSAGE_LIMIT]}…"


def _can_be_quoted(code: str, message: str) -> bool:
    return code not in _UNQUOTED or bool(_TIMES.fullmatch(message))


def _rules_of_unknown(code: str, status: int) -> tuple[ErrorRule, ...]:
    """For a code that nobody knows, its HTTP status; a bare number as code means that no AWS wrote the body."""
    if status == 429:
        return _THROTTLED
    if status >= 500:
        return _FAILED
    return (ErrorRule("aws.not_aws", retryable=True),) if code.isdigit() else (ErrorRule("aws.unknown"),)


def _said(code: str, message: str, call: Call) -> dict[str, Any]:
    """What AWS's text adds: the action and resource it refused and why, the state it named."""
    if code == "aws.access_denied":
        denial = denial_of(message)
        return {
            "action": denial.action or call.action,
            "resource": denial.resource or "*",
            "reason": denial.reason or NOT_ALLOWED,
        }
    state = _QUOTED_STATE.search(message[:_MESSAGE_LIMIT]) if code == "service.busy" else None
    return {"state": state[1]} if state else {}
