"""ECR repositories and their policies as plain values. Sends no `force`; returns "no policy" only if ECR says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.aws.clients import Clients
from app.aws.errors import Call
from app.aws.ports import Answered, Repository
from app.errors import Problem
from app.json_escapes import encodable
from app.limits import POLICY_CHARACTERS

PAGE = 1_000  # the most that ECR gives at once


@dataclass(frozen=True)
class EcrRepositories:
    """`ports.Repositories` over boto's client."""

    service: ClassVar = "ecr"

    clients: Clients
    region: str

    def list_repositories(self) -> Answered[tuple[Repository, ...]]:
        """Return all repositories of the registry in the region, by name (ecr:DescribeRepositories, all pages)."""
        repositories: list[Repository] = []
        arguments: dict[str, str] = {}
        before: set[str] = set()
        while True:
            answered = self._answer("DescribeRepositories", "repositories", {}, maxResults=PAGE, **arguments)
            repositories += (repository_of(raw, self.region) for raw in answered.value["repositories"])
            token = answered.value.get("nextToken")
            if not token:
                return Answered(
                    tuple(sorted(repositories, key=lambda repository: repository.name)), answered.request_id
                )
            if token in before:  # a repeated token would loop forever
                raise Problem("aws.not_aws", request_id=answered.request_id, endpoint=f"ecr {self.region}")
            before.add(token)
            arguments = {"nextToken": token}

    def get_repository(self, name: str) -> Answered[Repository]:
        """Return one repository (ecr:DescribeRepositories by name). Raises Problem `repository.not_found`."""
        answered = self._answer("DescribeRepositories", "repositories", {"repository": name}, repositoryNames=[name])
        for raw in answered.value["repositories"]:
            return Answered(repository_of(raw, self.region), answered.request_id)
        raise Problem("repository.not_found", request_id=answered.request_id, repository=name, region=self.region)

    def get_policy(self, name: str) -> Answered[str | None]:
        """Return the policy text; None only if ECR says that there is none (ecr:GetRepositoryPolicy)."""
        return self._text_or_none("GetRepositoryPolicy", name)

    def set_policy(self, name: str, text: str) -> Answered[str]:
        """Write the policy and return the text that ECR accepted (ecr:SetRepositoryPolicy).

        Raises Problem `policy.principal_not_found` (retryable), `policy.refused`, `policy.too_long`,
        `repository.not_found`.
        """
        over = max(0, len(text) - POLICY_CHARACTERS)
        subject: dict[str, str | int] = {"repository": name, "characters": len(text), "over": over}
        answered = self._answer("SetRepositoryPolicy", "policyText", subject, repositoryName=name, policyText=text)
        return Answered(encodable(answered.value["policyText"]), answered.request_id)

    def delete_policy(self, name: str) -> Answered[str | None]:
        """Delete the policy and return its text; None if there was none (ecr:DeleteRepositoryPolicy)."""
        return self._text_or_none("DeleteRepositoryPolicy", name)

    def _text_or_none(self, operation: str, name: str) -> Answered[str | None]:
        call = Call("ecr", operation, self.region, {"repository": name})
        return text_or_none(self.clients, call, "policyText", "policy.not_found", repositoryName=name)

    def _answer(
        self, operation: str, member: str, subject: Mapping[str, str | int], **arguments: Any
    ) -> Answered[Mapping[str, Any]]:
        return self.clients.answer(Call("ecr", operation, self.region, subject), member, **arguments)


def text_or_none(clients: Clients, call: Call, member: str, missing: str, **arguments: Any) -> Answered[str | None]:
    """Return the text in `member` of an answer; None only if AWS says that there is none, with the code `missing`."""
    try:
        answered = clients.answer(call, member, **arguments)
    except Problem as problem:
        if problem.code != missing:
            raise
        return Answered(None, problem.request_id)
    return Answered(encodable(answered.value[member]), answered.request_id)


def repository_of(raw: Mapping[str, Any], region: str) -> Repository:
    """Return a repository from AWS's answer."""
    return Repository(
        region=region,
        name=raw["repositoryName"],
        registry_id=raw.get("registryId", ""),
        uri=raw.get("repositoryUri", ""),
        arn=raw.get("repositoryArn", ""),
        created_at=raw.get("createdAt"),
    )
