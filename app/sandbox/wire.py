"""AWS's wire: an HTTP request to a call, a result or an error to an HTTP answer, as each protocol has it.

AWS JSON 1.1 by X-Amz-Target (method and path do not matter) and the query protocol for STS. Signatures are not
verified, since nobody knows the secrets; who calls, where and for which service is read from their scope.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from app.sandbox.call import DEFAULT_ACCOUNT, Call
from app.sandbox.errors import AwsError
from app.sandbox.identity import Identity
from app.sandbox.model import Operation, services
from app.sandbox.operations import OFFERED

SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request")
REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")
ACCOUNT_IN_KEY = re.compile(r"\d{12}")
STS_VERSION = "2011-06-15"
STS_NAMESPACE = f"https://sts.amazonaws.com/doc/{STS_VERSION}/"


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request: header names in lower case, the query string and the whole body."""

    headers: Mapping[str, str]
    query: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    content_type: bytes
    body: bytes


def new_request_id() -> str:
    text = secrets.token_hex(16)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_query(request: Request) -> bool:
    """Whether the request speaks the query protocol, and so expects XML."""
    if "x-amz-target" in request.headers:
        return False
    return request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded") or (
        "Action=" in request.query
    )


def read(request: Request, request_id: str, identities: Mapping[str, Identity]) -> tuple[Call, Operation]:
    """Return the call and the operation it is for.

    Args:
        request: the HTTP request.
        request_id: what AWS calls it.
        identities: the principals that have credentials of their own, by access key.

    Raises:
        AwsError: what AWS answers to a request that it cannot take.
    """
    if is_query(request):
        fields = dict(parse_qsl(request.query) + parse_qsl(request.body.decode("utf-8", "replace")))
        operation = _operation("sts", fields.pop("Action", ""))
    else:
        operation = _target(request.headers.get("x-amz-target", ""))
    key, region = _scope(request, operation.service)
    identity = identities.get(key)
    account = identity.account if identity else _account(key)
    params = {} if is_query(request) else _document(request.body)
    call = Call(operation.service, operation.name, params, account, region, request_id, identity)
    call.host = request.headers.get("host", "")
    return call, operation


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise AwsError("SerializationException", "The request body is not a JSON document") from None
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "The request body can not be converted to a Structure")
    return document


def _target(target: str) -> Operation:
    prefix, _, name = target.partition(".")
    for service in services().values():
        if service.target and service.target == prefix:
            return _operation(service.name, name)
    raise AwsError("UnknownOperationException", f"The sandbox knows no operation for the target '{target}'")


def _operation(service: str, name: str) -> Operation:
    operations = services()[service].operations
    if name not in operations:
        code = "InvalidAction" if service == "sts" else "UnknownOperationException"
        raise AwsError(code, f"Could not find operation {name} for service {service}")
    if f"{service}:{name}" not in OFFERED:
        offered = ", ".join(sorted(action for action in OFFERED if action.startswith(f"{service}:")))
        message = f"{service}:{name} exists in AWS but is not offered by the Sailpass sandbox, which offers {offered}"
        raise AwsError("UnsupportedOperationException", message)
    return operations[name]


def _scope(request: Request, service: str) -> tuple[str, str]:
    """The access key and the region of the request's credential scope."""
    given = request.headers.get("authorization", "")
    if not given:
        raise _unsigned(service)
    if not given.startswith("AWS4-HMAC-SHA256"):
        raise unrecognized(service)
    match = SCOPE.search(given)
    if not match or "Signature=" not in given:
        missing = "Credential" if not match else "Signature"
        message = f"Authorization header requires '{missing}' parameter. Authorization={given.split('Signature=')[0]}"
        raise AwsError("IncompleteSignature" if service == "sts" else "IncompleteSignatureException", message)
    key, _, region, signed_for = match.groups()
    if signed_for != service:
        raise _misdirected(service, f"Credential should be scoped to correct service: '{service}'. ")
    if not REGION.fullmatch(region):
        raise _misdirected(service, "Credential should be scoped to a valid region. ")
    return key, region


def _account(key: str) -> str:
    account = ACCOUNT_IN_KEY.search(key)
    return account.group() if account else DEFAULT_ACCOUNT


def _unsigned(service: str) -> AwsError:
    if service == "sts":
        return AwsError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
    return AwsError("MissingAuthenticationTokenException", "Missing Authentication Token")


def unrecognized(service: str) -> AwsError:
    """Return what AWS answers to credentials that it does not know, or no longer."""
    code, status = ("InvalidClientTokenId", 403) if service == "sts" else ("UnrecognizedClientException", 400)
    return AwsError(code, "The security token included in the request is invalid.", status)


def _misdirected(service: str, message: str) -> AwsError:
    code, status = ("SignatureDoesNotMatch", 403) if service == "sts" else ("InvalidSignatureException", 400)
    return AwsError(code, message, status)


def result(call: Call, value: Mapping[str, Any]) -> Answer:
    """The answer to a call that went well."""
    if call.service == "sts":
        return _xml_result(call, value)
    return Answer(200, b"application/x-amz-json-1.1", json.dumps(value, separators=(",", ":")).encode())


def _xml_result(call: Call, value: Mapping[str, Any]) -> Answer:
    members = "".join(f"<{name}>{escape(str(item))}</{name}>" for name, item in value.items())
    name = call.operation
    text = (
        f'<{name}Response xmlns="{STS_NAMESPACE}"><{name}Result>{members}</{name}Result>'
        f"<ResponseMetadata><RequestId>{call.request_id}</RequestId></ResponseMetadata></{name}Response>"
    )
    return Answer(200, b"text/xml", text.encode())


def error(problem: AwsError, request_id: str, *, as_query: bool) -> Answer:
    """The answer to a call that AWS refuses."""
    if as_query:
        fault = "Sender" if problem.status < 500 else "Receiver"
        text = (
            f'<ErrorResponse xmlns="{STS_NAMESPACE}"><Error><Type>{fault}</Type><Code>{escape(problem.code)}</Code>'
            f"<Message>{escape(problem.message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Answer(problem.status, b"text/xml", text.encode())
    document = {"__type": problem.code, **problem.members, "message": problem.message}
    return Answer(problem.status, b"application/x-amz-json-1.1", json.dumps(document).encode())
