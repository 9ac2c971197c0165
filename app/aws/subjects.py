"""What an answer is about: one that names another repository or service, or has another operation's shape, is another call's.

On a kept connection an answer too many puts every later one out of step. Each is then whole, and AWS's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from botocore.model import OperationModel

from app.aws.answers import parsed

# As ECR's messages name the repository that they are about.
_NAMED_REPOSITORY: Final = re.compile(r"repository with name '([^']{1,256})'")

# Of an operation: the member of its request that names what it is about, and where its answer repeats that; `[]` stands
# for each element of a list. AWS's API references show them in every answer.
SUBJECTS: Final[Mapping[str, tuple[str, str]]] = {
    "GetContainerServices": ("serviceName", "containerServices[].containerServiceName"),
    "UpdateContainerService": ("serviceName", "containerService.containerServiceName"),
    "CreateContainerServiceDeployment": ("serviceName", "containerService.containerServiceName"),
    "DescribeRepositories": ("repositoryNames", "repositories[].repositoryName"),
    "GetRepositoryPolicy": ("repositoryName", "repositoryName"),
    "SetRepositoryPolicy": ("repositoryName", "repositoryName"),
    "DeleteRepositoryPolicy": ("repositoryName", "repositoryName"),
    "GetLifecyclePolicy": ("repositoryName", "repositoryName"),
    "DescribeImages": ("repositoryName", "imageDetails[].repositoryName"),
    "BatchGetImage": ("repositoryName", "images[].repositoryName"),
    "GetDownloadUrlForLayer": ("layerDigest", "layerDigest"),
    "GetAccountSetting": ("name", "name"),
}


def is_anothers(status: int, body: bytes, request: bytes | str, model: OperationModel) -> bool:
    """Return whether a checked answer belongs to another call than this request."""
    answer, sent = parsed(body), parsed(request)
    if not isinstance(answer, dict) or not isinstance(sent, dict):
        return False  # STS speaks XML; an error that AWS did not write has no body
    if status >= 400:
        return _is_error_about_another(answer, sent)
    return _names_another(answer, sent, model.name) or _has_another_shape(answer, model)


def _is_error_about_another(answer: Mapping[str, Any], sent: Mapping[str, Any]) -> bool:
    named = _NAMED_REPOSITORY.search(str(answer.get("message") or answer.get("Message") or ""))
    requested = sent.get("repositoryName")
    return named is not None and requested is not None and named[1] != requested


def _names_another(answer: Mapping[str, Any], sent: Mapping[str, Any], operation: str) -> bool:
    member, path = SUBJECTS.get(operation, ("", ""))
    requested = sent.get(member)
    if not requested:
        return False  # it asks for all there are
    requested = requested if isinstance(requested, list) else [requested]
    names = list(_values(answer, path.split(".")))
    return any(name not in requested for name in names)


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    """Yield the values at a path; None for one that is left out. An empty list has none."""
    if not path:
        yield value
        return
    name, is_list = path[0].removesuffix("[]"), path[0].endswith("[]")
    member = value.get(name) if isinstance(value, dict) else None
    for each in member if is_list and isinstance(member, list) else [member]:
        yield from _values(each, path[1:])


def _has_another_shape(answer: Mapping[str, Any], model: OperationModel) -> bool:
    """Return whether an answer has members that this operation's lacks, and another operation's has them all.

    A member that no operation has is one that AWS has added since.
    """
    members = frozenset(answer)
    if members <= _members(model):
        return False
    service = model.service_model
    return any(members <= _members(service.operation_model(name)) for name in service.operation_names)


def _members(model: OperationModel) -> frozenset[str]:
    return frozenset(model.output_shape.members if model.output_shape else ())
