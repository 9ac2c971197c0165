"""Repositories of every configured Region: who can pull, the policy, and what was found."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field

from app.api.schemas.answer import Answer, English
from app.api.schemas.findings import AccessFinding, FindingsCoverage
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import RegistryRead, RepositoryAccess
from app.console.repository_detail import RepositoryDetail, ServiceRow
from app.console.repository_list import RepositoryListAnswer
from app.console.who_can_pull import WhoCanPull
from app.inventory.repositories import ListedRepository
from app.limits import POLICY_CHARACTERS
from app.policy.verdict import Access as PolicyAccess

State = Literal["unread", "none", "fine", "findings"]


class CanPull(Answer):
    """Who can pull from a repository."""

    services: list[str] = Field(description="Container services, the first 20 by name.")
    service_count: int
    others: int = Field(description="Other principals that the policy allows, some perhaps under a condition.")
    everyone: bool = Field(description="Every AWS account can pull.")


class NewestImage(Answer):
    """The newest image with a tag that can be pulled, as of `read_at`."""

    tags: list[str] = Field(description="At most 5; empty: no image that can be pulled has a tag.")
    pushed_at: datetime | None
    read_at: datetime


class ListedRepositoryBody(Answer):
    """A repository with what was found when its access was judged last."""

    region: str
    name: str
    uri: str
    created_at: datetime | None
    state: State = Field(description="`unread`: nobody knows yet. `none`: no policy. `fine` or `findings`.")
    severity: str = Field(description="The worst severity of the open findings; empty for none.")
    finding_count: int = Field(description="Open errors and warnings.")
    policy_size: int | None = Field(description="Characters of the policy as ECR counts them; null: unread.")
    policy_limit: int
    can_pull: CanPull | None = Field(description="Null: nobody knows, as the policy is unread or broken.")
    policy_read_at: datetime | None
    problem: ProblemBody | None = Field(description="What kept the policy from being read or understood.")
    newest_image: NewestImage | None = Field(
        description="Null: not known yet. It is read soon after it is asked for here, and again after ten minutes."
    )
    newest_image_problem: ProblemBody | None = Field(description="What kept the newest image from being told.")

    @classmethod
    def of(cls, row: ListedRepository, /, **others: Any) -> Self:
        newest = row.newest
        return super().of(
            row,
            policy_limit=POLICY_CHARACTERS,
            can_pull=row.pullers,
            newest_image=newest if newest.read_at else None,
            newest_image_problem=newest.problem,
            **others,
        )


class AllRepositories(Answer):
    """One page of all repositories, by name, then Region."""

    repositories: list[ListedRepositoryBody]
    counts: dict[str, int] = Field(description="How many there are in each state.")
    coverage: FindingsCoverage
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")

    @classmethod
    def of(cls, answer: RepositoryListAnswer, /, **others: Any) -> Self:
        return super().of(
            answer,
            repositories=[ListedRepositoryBody.of(row) for row in answer.rows],
            counts=answer.counts.by_state,
            coverage=FindingsCoverage.of(answer.knowledge),
            next=answer.next.to_text() if answer.next else None,
            **others,
        )


class ServiceAccess(Answer):
    """A container service of the Region, and what the policies give it."""

    service: str
    access: RepositoryAccess

    @classmethod
    def of(cls, row: ServiceRow, /, **others: Any) -> Self:
        return super().of(row, service=row.service.name, access=RepositoryAccess.of(row.access), **others)


class Principal(Answer):
    """A principal that the policy names."""

    who: English
    value: str
    allowed: bool | None = Field(description="Null: it depends, as `reason` says.")
    reason: English = Field(validation_alias="how")


class RepositoryDetailBody(Answer):
    """One repository."""

    region: str
    name: str
    uri: str
    arn: str
    created_at: datetime | None
    state: str = Field(description="As in the list.")
    policy: str | None = Field(
        validation_alias="text", description="The policy's text; null: none, or not read yet (`policy_read_at`)."
    )
    policy_read_at: datetime | None = Field(validation_alias="read_at")
    policy_size: int = Field(validation_alias="size")
    policy_limit: int = Field(validation_alias="size_limit")
    services: list[ServiceAccess] = Field(description="Services that the policy is about, or that can pull.")
    other_services: list[str] = Field(description="The Region's other services.")
    principals: list[Principal] | None = Field(description="Null: unknown, as the policy was not read or is not valid.")
    findings: list[AccessFinding]
    registry: RegistryRead | None = Field(validation_alias="evidence")
    running: list[str] = Field(description="The ids of its live operations.")
    problem: ProblemBody | None

    @classmethod
    def of(cls, detail: RepositoryDetail, /, **others: Any) -> Self:
        return super().of(
            detail,
            services=[ServiceAccess.of(row) for row in detail.services],
            other_services=[row.service.name for row in detail.other_services],
            findings=[AccessFinding.of(row) for row in detail.findings],
            running=[progress.id for progress in detail.running],
            **others,
        )


class PullAnswer(Answer):
    """What the policies of one repository give the principal; `access` null: the policy can't be read."""

    region: str
    repository: str
    access: PolicyAccess | None
    reason: English


class WhoCanPullBody(Answer):
    """From which repositories a principal can pull, by their policies. Its own account's IAM policies aren't seen."""

    principal: str
    repositories: list[PullAnswer] = Field(validation_alias="rows")
    left_out: int = Field(description="More repositories whose policy may be about it; they were not judged.")
    coverage: FindingsCoverage

    @classmethod
    def of(cls, found: WhoCanPull, /, **others: Any) -> Self:
        return super().of(
            found,
            principal=found.answer.principal if found.answer else "",
            left_out=found.answer.left_out if found.answer else 0,
            coverage=FindingsCoverage.of(found.knowledge),
            **others,
        )
