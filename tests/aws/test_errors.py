"""The table of errors is complete: every error of AWS's models and of the SDK is a problem with sentences."""

from __future__ import annotations

import errno
import inspect
import re
import socket
import ssl

import botocore.exceptions as sdk
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import ResponseParserError
from urllib3.exceptions import EmptyPoolError

from app.aws.answers import BadAnswerError
from app.aws.errors import AWS_CODES, Call, problem_of_aws
from app.aws.exchange import TooLate
from app.aws.probe import TRIES
from app.aws.unanswered import SDK_ERRORS, problem_of_sdk
from app.messages.problems import what_happened, what_to_do

SERVICE_CALL = Call("lightsail", "UpdateContainerService", "us-east-1", {"service": "shop"})
SUBJECT = {"repository": "web", "characters": 11_020, "over": 780}
REPOSITORY_CALL = Call("ecr", "SetRepositoryPolicy", "us-east-1", SUBJECT)
LISTING = Call("lightsail", "GetContainerServices", "us-east-1")

# What no call of ours can bring about: S3's, waiters', paginators', event streams', and mistakes in calling the SDK.
NOT_OURS = {
    "AliasConflictParameterError", "ApiVersionNotFoundError", "AwsChunkedWrapperError", "CapacityNotAvailableError",
    "ChecksumError", "DataNotFoundError", "FlexibleChecksumError", "InvalidDNSNameError",
    "InvalidEndpointDiscoveryConfigurationError", "InvalidExpressionError", "InvalidHostLabelError",
    "InvalidS3AddressingStyleError", "InvalidS3UsEast1RegionalEndpointConfigError", "MD5UnavailableError",
    "MissingParametersError", "OperationNotPageableError", "PaginationError", "RangeError", "StubAssertionError",
    "StubResponseError", "UnStubbedResponseError", "UnknownClientMethodError", "UnknownKeyError",
    "UnknownParameterError", "UnknownServiceError", "UnknownServiceStyle", "UnknownSignatureVersionError",
    "UnseekableStreamError", "UnsupportedOutpostResourceError", "UnsupportedS3AccesspointConfigurationError",
    "UnsupportedS3ArnError", "UnsupportedS3ConfigurationError", "UnsupportedS3ControlArnError",
    "UnsupportedS3ControlConfigurationError", "UnsupportedServiceProtocolsError", "UnsupportedSignatureVersionError",
    "ValidationError", "WaiterConfigError", "WaiterError",
}  # fmt: skip


def client_error(code: str, message: str = "", status: int = 400) -> sdk.ClientError:
    metadata = {"RequestId": "r-1", "HTTPStatusCode": status}
    return sdk.ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Any")


def told(code: str, message: str = "", call: Call = REPOSITORY_CALL, status: int = 400):
    return problem_of_aws(client_error(code, message, status), call)


def has_sentences(problem) -> bool:
    """Both, with nothing left out of them."""
    sentences = (what_happened(problem), what_to_do(problem))
    return all(sentence and "?" not in sentence for sentence in sentences)


def modelled() -> list[tuple[str, str]]:
    found, loader = [], Loader()
    for action in TRIES:
        service, _, operation = action.partition(":")
        model = ServiceModel(loader.load_service_model(service, "service-2"))
        shapes = model.operation_model(operation).error_shapes
        found += [(action, shape.metadata.get("error", {}).get("code", shape.name)) for shape in shapes]
    return found


@pytest.mark.parametrize("action, code", modelled())
def test_every_error_that_aws_models_for_our_calls_is_known(action, code):
    service, _, operation = action.partition(":")
    subject = {"service": "shop"} if service == "lightsail" else SUBJECT
    for about in (subject, {}):
        problem = told(code, call=Call(service, operation, "us-east-1", about))
        assert problem.code != "aws.unknown" or not about
        assert has_sentences(problem)


@pytest.mark.parametrize("code", sorted(AWS_CODES))
@pytest.mark.parametrize("call", [SERVICE_CALL, REPOSITORY_CALL, LISTING], ids=lambda call: call.operation)
def test_every_code_of_the_table_has_sentences_for_every_call(code, call):
    for rule in AWS_CODES[code]:
        hinted = rule.hint.pattern if rule.hint else ""
        problem = told(code, hinted, call)
        problem.params.setdefault("state", "UPDATING")  # the adapter reads it where AWS's text does not say it
        assert has_sentences(problem)


COMMON = {
    "aws.access_denied": ["AccessDenied", "AccessDeniedException"],
    "aws.expired_token": ["ExpiredToken", "ExpiredTokenException"],
    "aws.bad_credentials": [
        "UnrecognizedClientException", "InvalidClientTokenId", "SignatureDoesNotMatch", "MissingAuthenticationToken",
        "IncompleteSignature", "UnauthenticatedException",
    ],
    "aws.clock_wrong": ["RequestExpired", "RequestTimeTooSkewed"],
    "aws.region_disabled": ["OptInRequired"],
    "aws.region_setup": ["RegionSetupInProgressException"],
    "aws.throttled": [
        "Throttling", "ThrottlingException", "TooManyRequests", "TooManyRequestsException", "RequestLimitExceeded",
    ],
    "aws.failed": ["ServiceException", "ServerException", "InternalFailure", "ServiceUnavailable"],
}  # fmt: skip


@pytest.mark.parametrize("ours, theirs", [(ours, code) for ours, codes in COMMON.items() for code in codes])
def test_what_the_models_leave_out_is_known_too(ours, theirs):
    problem = told(theirs)
    assert problem.code == ours
    assert problem.retryable is (ours in {"aws.throttled", "aws.failed", "aws.region_setup"})


POLICY_TEXT = "Invalid parameter at 'PolicyText' failed to satisfy constraint: "


@pytest.mark.parametrize(
    "code, message, call, ours",
    [
        ("InvalidParameterException", POLICY_TEXT + "'Principal not found'", REPOSITORY_CALL, "policy.principal_not_found"),
        ("InvalidParameterException", POLICY_TEXT + "'Invalid repository policy provided'", REPOSITORY_CALL, "policy.refused"),
        ("InvalidParameterException", "'policyText' must have length less than or equal to 10240", REPOSITORY_CALL, "policy.too_long"),
        ("InvalidParameterException", "Invalid parameter at 'repositoryName' failed", REPOSITORY_CALL, "repository.bad_name"),
        ("InvalidParameterException", "Something new", REPOSITORY_CALL, "aws.refused"),
        ("InvalidInputException", 'is in a transition state ("UPDATING") and cannot', SERVICE_CALL, "service.busy"),
        ("InvalidInputException", 'Sorry, deployment 8 is in progress for service "x".', SERVICE_CALL, "service.busy"),
        ("InvalidInputException", "Something new", SERVICE_CALL, "service.refused"),
        ("InvalidInputException", "in progress", LISTING, "aws.refused"),
        ("SignatureDoesNotMatch", "Signature expired: 2026 is now earlier than", REPOSITORY_CALL, "aws.clock_wrong"),
        ("NewException", "Principal not found", REPOSITORY_CALL, "aws.unknown"),
        ("ValidationException", "Principal not found", REPOSITORY_CALL, "aws.refused"),
    ],
)  # fmt: skip
def test_text_is_a_hint_only_within_its_code(code, message, call, ours):
    assert told(code, message, call).code == ours


def test_a_busy_service_tells_the_state_that_aws_named():
    problem = told(
        "InvalidInputException", 'is in a transition state ("DELETING") and cannot be updated.', SERVICE_CALL
    )
    assert problem.params["state"] == "DELETING"


def test_a_denial_names_action_and_resource_and_who_refuses():
    text = "User: arn:aws:iam::1:user/a is not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:r:1:x "
    params = told("AccessDeniedException", text + "with an explicit deny in a service control policy").params
    assert (params["action"], params["resource"]) == ("ecr:BatchGetImage", "arn:aws:ecr:r:1:x")
    assert params["reason"] == "service_control_policy"


def test_a_denial_without_a_text_is_of_what_was_called():
    params = told("AccessDeniedException").params
    assert (params["action"], params["resource"], params["reason"]) == ("ecr:SetRepositoryPolicy", "*", "not_allowed")


def test_aws_own_words_and_request_id_are_kept():
    problem = told("ServerException", "Oops", status=500)
    assert (problem.aws_code, problem.aws_message, problem.request_id) == ("ServerException", "Oops", "r-1")


@pytest.mark.parametrize(
    "code, status, ours",
    [
        ("Odd", 400, "aws.unknown"),
        ("Odd", 503, "aws.failed"),
        ("Odd", 429, "aws.throttled"),
        ("404", 404, "aws.not_aws"),
    ],
)
def test_a_code_that_nobody_knows_stays_visible(code, status, ours):
    problem = told(code, status=status)
    assert problem.code == ours
    assert problem.params["answer"] == code


CANONICAL = (
    "does not match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:FwoTOKEN'"
)
CLOCK = "Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z (20260101T002000Z - 5 min.)"


@pytest.mark.parametrize(
    "code, message, kept",
    [
        ("SignatureDoesNotMatch", CANONICAL, ""),
        ("SignatureDoesNotMatch", CLOCK, CLOCK),
        ("SignatureDoesNotMatch", CLOCK + " FwoTOKEN", ""),
        ("IncompleteSignature", "Authorization=AWS4-HMAC-SHA256 Credential=AKIASECRETSECRET1234/x", ""),
        ("InvalidClientTokenId", "The security token FwoTOKEN is invalid", ""),
        ("ValidationException", "Value AKIASECRETSECRET1234 at x", "Value AKIASECR… at x"),
        ("ValidationException", "Bad value FwoTOKEN-in-use", ""),
        ("NewException", "a\x00\nb", "a b"),
        ("AccessDenied", "no. Encoded authorization failure message: abc", "no."),
    ],
)
def test_a_message_repeats_no_secret(code, message, kept):
    problem = problem_of_aws(client_error(code, message), LISTING, secrets=["FwoTOKEN-in-use", "x"])
    assert problem.aws_message == kept


@pytest.mark.parametrize("value", ["<script>", "r 1", "x" * 200, None, 7.5])
def test_a_request_id_that_aws_would_never_give_is_left_out(value):
    error = sdk.ClientError({"Error": {"Code": "X"}, "ResponseMetadata": {"RequestId": value}}, "Any")
    assert problem_of_aws(error, LISTING).request_id == ""


def kinds():
    return [kind for _, kind in inspect.getmembers(sdk, inspect.isclass) if issubclass(kind, sdk.BotoCoreError)]


def test_every_exception_of_the_sdk_was_looked_at():
    known = tuple(kind for kind, _ in SDK_ERRORS)
    unmapped = {kind.__name__ for kind in kinds() if not issubclass(kind, known)} - {"BotoCoreError"}
    assert unmapped == NOT_OURS


UNTRUSTED = ssl.SSLCertVerificationError(1, "self-signed certificate")
UNTRUSTED.verify_message = "self-signed certificate"

ERRORS = [
    (sdk.NoCredentialsError(), "aws.no_credentials", False),
    (sdk.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "aws.partial_credentials", False),
    (sdk.ProfileNotFound(profile="work"), "aws.no_profile", False),
    (sdk.UnauthorizedSSOTokenError(), "aws.sign_in_expired", False),
    (sdk.TokenRetrievalError(provider="sso", error_msg="expired"), "aws.sign_in_expired", False),
    (sdk.CredentialRetrievalError(provider="custom-process", error_msg="1"), "aws.credentials_unavailable", False),
    (sdk.NoRegionError(), "aws.no_region", False),
    (sdk.EndpointConnectionError(endpoint_url="https://a.example", error="x"), "aws.unreachable", True),
    (sdk.ConnectTimeoutError(endpoint_url="https://a.example", error="x"), "aws.unreachable", True),
    (sdk.ConnectionClosedError(endpoint_url="https://a.example", error="x"), "aws.unreachable", True),
    (sdk.ReadTimeoutError(endpoint_url="https://a.example", error="x"), "aws.slow", True),
    (sdk.SSLError(endpoint_url="https://a.example", error=UNTRUSTED), "aws.not_trusted", False),
    (sdk.SSLError(endpoint_url="https://a.example", error=ssl.SSLError("bad record mac")), "aws.unreachable", True),
    (sdk.ProxyConnectionError(proxy_url="http://me:pass@proxy:80", error="x"), "aws.proxy", True),
    (ResponseParserError("no JSON"), "aws.bad_answer", True),
    (BadAnswerError("not_aws"), "aws.not_aws", True),
    (BadAnswerError("cut"), "aws.bad_answer", True),
    (TooLate(), "aws.slow", True),
    (sdk.ParamValidationError(report="Invalid length for parameter repositoryName"), "repository.bad_name", False),
    (sdk.HTTPClientError(error=TooLate()), "aws.slow", True),
    (sdk.WaiterError(name="a", reason="b", last_response={}), "aws.bad_answer", True),
    (AttributeError("'list' object has no attribute 'get'"), "aws.bad_answer", True),
    (sdk.EndpointConnectionError(endpoint_url="https://a.example", error=OSError(errno.EMFILE, "x")), "host.out_of_files", True),
    (OSError(errno.ENFILE, "x"), "host.out_of_files", True),
    (sdk.HTTPClientError(error=OSError(errno.ENOMEM, "x")), "host.out_of_memory", True),
    (MemoryError(), "host.out_of_memory", True),
    (RuntimeError("can't start new thread"), "host.out_of_threads", True),
    (BlockingIOError(errno.EAGAIN, "fork"), "host.out_of_threads", True),
    (sdk.HTTPClientError(error=EmptyPoolError(None, "full")), "host.out_of_connections", True),
]  # fmt: skip


@pytest.mark.parametrize("error, ours, retryable", ERRORS, ids=lambda value: str(value)[:40])
def test_what_the_sdk_raises_becomes_a_problem_with_sentences(error, ours, retryable):
    problem = problem_of_sdk(error, REPOSITORY_CALL)
    problem.params.setdefault("profile", "work")  # as whoever loads credentials does
    assert (problem.code, problem.retryable) == (ours, retryable)
    assert has_sentences(problem)


def test_a_proxys_password_is_not_repeated():
    error = sdk.ProxyConnectionError(proxy_url="http://me:hush@proxy:80", error="x")
    problem = problem_of_sdk(error, REPOSITORY_CALL)
    assert problem.params["endpoint"] == "proxy:80"
    assert "hush" not in str(problem.to_json())


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.__name__)
def test_no_text_of_the_sdk_is_kept(kind):
    """It may hold any data of the failing part."""
    named = dict.fromkeys(re.findall(r"{(\w+)", kind.fmt), "CANARY")
    error = kind(**named, last_response={}) if kind is sdk.WaiterError else kind(**named)
    error.args += ("CANARY",)
    kept = problem_of_sdk(error, REPOSITORY_CALL).to_json()
    presented = {name: value for name, value in kept["params"].items() if name not in ("profile", "path")}
    assert "CANARY" not in str({**kept, "params": presented})


def test_why_the_network_failed_is_said_in_the_systems_words():
    refused = sdk.EndpointConnectionError(
        endpoint_url="https://a.example", error=ConnectionRefusedError(errno.ECONNREFUSED, "CANARY")
    )
    assert problem_of_sdk(refused, LISTING).aws_message == "Connection refused"
    nowhere = sdk.EndpointConnectionError(
        endpoint_url="https://a.example", error=socket.gaierror(socket.EAI_NONAME, "CANARY")
    )
    assert problem_of_sdk(nowhere, LISTING).aws_message == "Name or service not known"
