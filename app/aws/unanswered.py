"""Maps what the SDK itself raises to our problems, in one table: no request was sent, or no answer came back.

The SDK's texts are never kept. They hold data of the failing part: a token with a line break in it, a credential
program's output. A problem holds the kind of failure, with names that are not secret (a profile, a file, a host), and
the operating system's own error text.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from botocore import exceptions as sdk
from botocore.parsers import ResponseParserError

from app.aws.answers import NOT_AWS, BadAnswerError
from app.aws.causes import is_caused_by, reason_of, shortage_of
from app.aws.config_files import where_it_breaks
from app.aws.errors import Call, ErrorRule, choose, common, pattern
from app.aws.exchange import TooLate
from app.errors import Problem

_SIGN_IN = (ErrorRule("aws.sign_in_expired"),)
_UNAVAILABLE = (ErrorRule("aws.credentials_unavailable"),)
_CONFIG = (ErrorRule("aws.bad_config"),)
_CONFIG_FILE = (ErrorRule("aws.bad_config_file"),)
_NO_SUCH_REGION = (ErrorRule("aws.unknown_region"),)
_UNREACHABLE = (ErrorRule("aws.unreachable", retryable=True),)
_SLOW = (ErrorRule("aws.slow", retryable=True),)
_BAD_ANSWER = (ErrorRule("aws.bad_answer", retryable=True),)

# The first matching class is used, so the narrow ones come first.
SDK_ERRORS: Final[tuple[tuple[type[Exception], tuple[ErrorRule, ...]], ...]] = (
    # Credentials.
    (sdk.NoCredentialsError, (ErrorRule("aws.no_credentials"),)),
    (sdk.NoAuthTokenError, (ErrorRule("aws.no_credentials"),)),
    (sdk.PartialCredentialsError, (ErrorRule("aws.partial_credentials"),)),
    (sdk.ProfileNotFound, (ErrorRule("aws.no_profile"),)),
    (sdk.TokenRetrievalError, _SIGN_IN),
    (sdk.SSOError, _SIGN_IN),
    (sdk.LoginError, _SIGN_IN),
    (sdk.CredentialRetrievalError, _UNAVAILABLE),
    (sdk.MetadataRetrievalError, _UNAVAILABLE),
    (sdk.RefreshWithMFAUnsupportedError, (ErrorRule("aws.mfa_needed"),)),
    (sdk.MissingDependencyException, _UNAVAILABLE),
    (sdk.UnknownTokenProviderError, _UNAVAILABLE),
    # Configuration.
    (sdk.ConfigParseError, _CONFIG_FILE),
    (sdk.UnknownCredentialError, _CONFIG),
    (sdk.ConfigNotFound, _CONFIG),
    (sdk.InvalidConfigError, _CONFIG),
    (sdk.InvalidRetryConfigurationError, _CONFIG),
    (sdk.InvalidDefaultsMode, _CONFIG),
    (sdk.InvalidSTSRegionalEndpointsConfigError, _CONFIG),
    (sdk.InvalidEndpointConfigurationError, _CONFIG),
    (sdk.InvalidIMDSEndpointError, _CONFIG),
    (sdk.InvalidIMDSEndpointModeError, _CONFIG),
    (sdk.InvalidChecksumConfigError, _CONFIG),
    (sdk.InvalidProxiesConfigError, (ErrorRule("aws.proxy"),)),
    (sdk.NoRegionError, (ErrorRule("aws.no_region"),)),
    (sdk.InvalidRegionError, _NO_SUCH_REGION),
    (sdk.UnknownRegionError, _NO_SUCH_REGION),
    (sdk.ServiceNotInRegionError, _NO_SUCH_REGION),
    (sdk.BaseEndpointResolverError, _NO_SUCH_REGION),
    (sdk.EndpointProviderError, _NO_SUCH_REGION),
    # The network.
    (sdk.SSLError, _UNREACHABLE),  # untrusted certificates are checked before
    (sdk.ProxyConnectionError, (ErrorRule("aws.proxy", retryable=True),)),
    (sdk.ReadTimeoutError, _SLOW),
    (sdk.ConnectTimeoutError, _UNREACHABLE),
    (sdk.ConnectionError, _UNREACHABLE),
    (sdk.HTTPClientError, _UNREACHABLE),
    (sdk.IncompleteReadError, _UNREACHABLE),
    (ResponseParserError, _BAD_ANSWER),
    (
        sdk.ParamValidationError,
        (
            ErrorRule("repository.bad_name", hint=pattern("repositoryName"), about="repository"),
            ErrorRule("service.not_found", hint=pattern("serviceName"), about="service"),
            ErrorRule("aws.refused"),
        ),
    ),
)


def problem_of_sdk(error: Exception, call: Call, unforeseen: str = "aws.bad_answer") -> Problem:
    """Return the problem for an SDK exception, without any of its text.

    Args:
        error: whatever was raised.
        call: the call that was made.
        unforeseen: the code for an exception that is not in the table.
    """
    shortage = shortage_of(error)
    if shortage is not None:
        return shortage
    rule = _rule_of(error, call, unforeseen)
    name = type(error).__name__
    return Problem(
        rule.code,
        retryable=rule.retryable,
        aws_code=name,
        aws_message=reason_of(error),
        **{**common(call, name), **_names(error, call)},
    )


def host_of(address: str) -> str:
    """Return host and port of an address, without the password that a proxy's may hold."""
    try:
        return urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _rule_of(error: Exception, call: Call, unforeseen: str) -> ErrorRule:
    if is_caused_by(error, TooLate):
        return _SLOW[0]
    if isinstance(error, BadAnswerError):
        return ErrorRule("aws.not_aws" if error.kind == NOT_AWS else "aws.bad_answer", retryable=True)
    if is_caused_by(error, ssl.SSLCertVerificationError):
        return ErrorRule("aws.not_trusted")
    rules = next((rules for kind, rules in SDK_ERRORS if isinstance(error, kind)), None)
    if rules is None:
        return ErrorRule(unforeseen, retryable=unforeseen == "aws.bad_answer")
    return choose(rules, str(error)[:1_000], call)


def _names(error: Exception, call: Call) -> dict[str, Any]:
    """Return the names that a problem's message may need, none of which is a secret."""
    kwargs: Mapping[str, Any] = getattr(error, "kwargs", {})
    address = str(kwargs.get("endpoint_url") or kwargs.get("proxy_url") or "")
    names: dict[str, Any] = {"endpoint": host_of(address) or call.service}
    if isinstance(error, sdk.ProfileNotFound):
        names["profile"] = str(kwargs.get("profile", ""))
    if isinstance(error, sdk.ConfigParseError):
        names |= where_it_breaks(str(kwargs.get("path", "")), kwargs.get("error"))
    return names
