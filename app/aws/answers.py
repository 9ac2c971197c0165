"""Checks that a response is AWS's complete answer to a call: JSON of the operation's shape with its required members.

botocore accepts whatever parses: `{}` reads as an empty list, half a list as a shorter one, an error with status 200
as success. This module does no network I/O: it accepts or refuses a body.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from botocore.exceptions import HTTPClientError
from botocore.model import OperationModel
from botocore.utils import parse_timestamp

NOT_AWS, CUT, UNREADABLE = "not_aws", "cut", "unreadable"

# AWS's codes for its own failures: the request may have taken effect nevertheless.
SERVER_FAULTS: Final = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServerException",
        "ServiceException",
        "ServiceFailure",
        "ServiceUnavailable",
        "ServiceUnavailableException",
    }
)


class BadAnswerError(HTTPClientError):  # type: ignore[misc]
    """The response is not AWS's answer to this call; `kind` says why.

    `not_aws`: a page or a redirect from something else. `cut`, `unreadable`, `repeated`, `too_large`, `mismatched`: it
    may have been AWS's answer, damaged on the way. The SDK retries errors of its own class.
    """

    fmt = "The answer cannot be used: {kind}"

    def __init__(self, kind: str) -> None:
        super().__init__(kind=kind)
        self.kind = kind


# What an answer must contain, beyond AWS's models (their output shapes require nothing): paths of members, `[]` for
# each element of a list. A missing list is not an empty list, and an element without its name is not an element.
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    "GetContainerServices": ("containerServices[].containerServiceName", "containerServices[].state"),
    "UpdateContainerService": ("containerService.containerServiceName", "containerService.state"),
    "CreateContainerServiceDeployment": ("containerService.containerServiceName", "containerService.state"),
    "GetContainerServiceDeployments": ("deployments[].version", "deployments[].state"),
    "DescribeRepositories": ("repositories[].repositoryName", "repositories[].repositoryArn"),
    "GetRepositoryPolicy": ("policyText",),
    "GetRegistryPolicy": ("policyText",),
    "GetAccountSetting": ("value",),
    "SetRepositoryPolicy": ("policyText",),
    "DeleteRepositoryPolicy": ("policyText",),
    "DescribeImages": ("imageDetails[].imageDigest",),
    "GetLifecyclePolicy": ("lifecyclePolicyText",),
    "GetContainerLog": ("logEvents[].message",),
    "GetContainerImages": ("containerImages[].image",),
    "BatchGetImage": ("images[].imageManifest",),
    "GetDownloadUrlForLayer": ("downloadUrl",),
}
# A container may log an empty line.
_MAY_BE_EMPTY: Final = frozenset({"logEvents[].message"})


def checked(status: int, headers: Mapping[str, str], body: bytes, model: OperationModel) -> bytes:
    """Return the body, checked to be AWS's; empty for an error that AWS did not write, which has only its status.

    Raises:
        BadAnswerError: for anything else.
    """
    if model.service_model.resolved_protocol != "json":
        return _checked_xml(status, body)
    if status == 200:
        _refuse_what_lacks(_document(headers, body), model)
        return body
    if status < 400:
        raise BadAnswerError(NOT_AWS)
    return body if _is_error(body, model) else b""


def is_refusal(status: int, body: bytes, model: OperationModel) -> bool:
    """Return whether a checked answer proves that AWS did not make the change: its own error, about the request.

    An error that the service's model defines only for other operations is the answer to another call.
    """
    if not 400 <= status < 500 or not body:
        return False
    document = parsed(body)
    code = document["__type"].partition(":")[0].rpartition("#")[2] if isinstance(document, dict) else ""
    own = {shape.name for shape in model.error_shapes}
    others = {shape.name for shape in model.service_model.error_shapes}
    return code not in SERVER_FAULTS and (code in own or code not in others)


def _checked_xml(status: int, body: bytes) -> bytes:
    """Return an STS body. XML does not parse when cut; its required members are checked after parsing."""
    if 200 < status < 400:
        raise BadAnswerError(NOT_AWS)
    if status == 200 and not body.rstrip().endswith(b"Response>"):
        raise BadAnswerError(NOT_AWS if _is_page({}, body) else CUT)
    if status >= 400 and not body.rstrip().endswith(b"ErrorResponse>"):
        return b""
    return body


def _document(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    document = parsed(body)
    if isinstance(document, dict):
        return document
    raise BadAnswerError(NOT_AWS if _is_page(headers, body) else UNREADABLE)


def parsed(body: bytes | str) -> Any:
    """Return the JSON value of a body; None for anything else."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_page(headers: Mapping[str, str], body: bytes) -> bool:
    return body.lstrip()[:1] == b"<" or "text/html" in str(headers.get("content-type", ""))


def _refuse_what_lacks(document: dict[str, Any], model: OperationModel) -> None:
    if not _fits(document, model.output_shape):
        raise BadAnswerError(UNREADABLE)
    for path in REQUIRED.get(model.name, ()):
        if not _holds(document, path.split("."), may_be_empty=path in _MAY_BE_EMPTY):
            raise BadAnswerError(UNREADABLE)


def _holds(value: Any, path: list[str], *, may_be_empty: bool) -> bool:
    if not path:
        return value is not None and (may_be_empty or value != "")
    name, is_list = path[0].removesuffix("[]"), path[0].endswith("[]")
    member = value.get(name)
    if is_list:
        return isinstance(member, list) and all(
            _holds(element, path[1:], may_be_empty=may_be_empty) for element in member
        )
    return member is not None and _holds(member, path[1:], may_be_empty=may_be_empty)


def _is_error(body: bytes, model: OperationModel) -> bool:
    document = parsed(body)
    if not isinstance(document, dict) or not isinstance(document.get("__type"), str):
        return False
    texts = (document.get("message"), document.get("Message"))
    if not all(text is None or isinstance(text, str) for text in texts):
        return False
    return all(_fits(document, shape) for shape in model.error_shapes)


def _fits(value: Any, shape: Any) -> bool:
    """Return whether a JSON value matches a shape of AWS's model. A null means that the member is left out."""
    fits = _FITS.get(shape.type_name)
    return fits is None or fits(value, shape)


def _fits_structure(value: Any, shape: Any) -> bool:
    if not isinstance(value, dict):
        return False
    members = ((value.get(member.serialization.get("name", name)), member) for name, member in shape.members.items())
    return all(each is None or _fits(each, member) for each, member in members)


def _fits_list(value: Any, shape: Any) -> bool:
    return isinstance(value, list) and all(_fits(each, shape.member) for each in value)


def _fits_map(value: Any, shape: Any) -> bool:
    return isinstance(value, dict) and all(_fits(each, shape.value) for each in value.values())


def _fits_text(value: Any, _: Any) -> bool:
    return isinstance(value, str)


def _fits_integer(value: Any, _: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _fits_number(value: Any, _: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _fits_boolean(value: Any, _: Any) -> bool:
    return isinstance(value, bool)


def _fits_timestamp(value: Any, _: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return parse_timestamp(value).tzinfo is not None
    except (ValueError, OverflowError, OSError, TypeError, RuntimeError):
        return False


_FITS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "structure": _fits_structure,
    "list": _fits_list,
    "map": _fits_map,
    "string": _fits_text,
    "blob": _fits_text,
    "integer": _fits_integer,
    "long": _fits_integer,
    "float": _fits_number,
    "double": _fits_number,
    "boolean": _fits_boolean,
    "timestamp": _fits_timestamp,
}
