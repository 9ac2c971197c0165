"""Repositories of every configured Region: who can pull, the policy, and what was found."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from app.api.schemas.findings import AccessFinding, FindingsCoverage
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import RegistryRead, RepositoryAccess
from app.console.policies import PrincipalVerdict
from app.console.repository_detail import RepositoryDetail, ServiceRow
from app.console.repository_list import RepositoryListAnswer
from app.console.who_can_pull import PullRow, WhoCanPull
from app.inventory.newest_images import NewestTags
from app.inventory.repositories import ListedRepository
from app.limits import POLICY_CHARACTERS
from app.messages import labels
from app.policy.verdict import Access as PolicyAccess

State = Literal["unread", "none", "fine", "findings"]


class CanPull(BaseModel):
    """Who can pull from a repository."""

    services: list[str] = Field(description="Container services, the first 20 by name.")
    service_count: int
    others: int = Field(description="Other principals that the policy allows, some perhaps under a condition.")
    everyone: bool = Field(description="Every AWS account can pull.")


class NewestImage(BaseModel):
    """The newest image with a tag that can be pulled, as of `read_at`."""

    tags: list[str] = Field(description="At most 5; empty: no image that can be pulled has a tag.")
    pushed_at: datetime | None
    read_at: datetime

    @classmethod
    def maybe(cls, newest: NewestTags) -> NewestImage | None:
        """Return it, None where it isn't known."""
        if newest.read_at is None:
            return None
        return cls(tags=list(newest.tags), pushed_at=newest.pushed_at, read_at=newest.read_at)


class ListedRepositoryBody(BaseModel):
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
    def of(cls, row: ListedRepository) -> ListedRepositoryBody:
        return cls(
            **{name: getattr(row, name) for name in _AS_THEY_ARE},
            policy_limit=POLICY_CHARACTERS,
            can_pull=CanPull(**row.pullers) if row.pullers is not None else None,
            problem=ProblemBody.maybe(row.problem),
            newest_image=NewestImage.maybe(row.newest),
            newest_image_problem=ProblemBody.maybe(row.newest.problem),
        )


_AS_THEY_ARE = (
    "region",
    "name",
    "uri",
    "created_at",
    "state",
    "severity",
    "finding_count",
    "policy_size",
    "policy_read_at",
)


class AllRepositories(BaseModel):
    """One page of all repositories, by name, then Region."""

    repositories: list[ListedRepositoryBody]
    counts: dict[str, int] = Field(description="How many there are in each state.")
    coverage: FindingsCoverage
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")

    @classmethod
    def of(cls, answer: RepositoryListAnswer) -> AllRepositories:
        return cls(
            repositories=[ListedRepositoryBody.of(row) for row in answer.rows],
            counts=dict(answer.counts.by_state),
            coverage=FindingsCoverage.of(answer.knowledge),
            next=answer.next.to_text() if answer.next else None,
        )


class ServiceAccess(BaseModel):
    """A container service of the Region, and what the policies give it."""

    service: str
    access: RepositoryAccess

    @classmethod
    def of(cls, row: ServiceRow) -> ServiceAccess:
        return cls(service=row.service.name, access=RepositoryAccess.of(row.access))


class Principal(BaseModel):
    """A principal that the policy names."""

    who: str
    value: str
    allowed: bool | None = Field(description="Null: it depends, as `reason` says.")
    reason: str

    @classmethod
    def of(cls, principal: PrincipalVerdict) -> Principal:
        return cls(
            who=labels.say(principal.who),
            value=principal.value,
            allowed=principal.allowed,
            reason=labels.say(principal.how),
        )


class RepositoryDetailBody(BaseModel):
    """One repository."""

    region: str
    name: str
    uri: str
    arn: str
    created_at: datetime | None
    state: str = Field(description="As in the list.")
    policy: str | None = Field(description="The policy's text; null: none, or not read yet (`policy_read_at`).")
    policy_read_at: datetime | None
    policy_size: int
    policy_limit: int
    services: list[ServiceAccess] = Field(description="Services that the policy is about, or that can pull.")
    other_services: list[str] = Field(description="The Region's other services.")
    principals: list[Principal] | None = Field(description="Null: unknown, as the policy was not read or is not valid.")
    findings: list[AccessFinding]
    registry: RegistryRead | None
    running: list[str] = Field(description="The ids of its live operations.")
    problem: ProblemBody | None

    @classmethod
    def of(cls, detail: RepositoryDetail) -> RepositoryDetailBody:
        return cls(
            region=detail.region,
            name=detail.name,
            uri=detail.uri,
            arn=detail.arn,
            created_at=detail.created_at,
            state=detail.state,
            policy=detail.text,
            policy_read_at=detail.read_at,
            policy_size=detail.size,
            policy_limit=detail.size_limit,
            services=[ServiceAccess.of(row) for row in detail.services],
            other_services=[row.service.name for row in detail.other_services],
            principals=None if detail.principals is None else [Principal.of(each) for each in detail.principals],
            findings=[AccessFinding.of(row) for row in detail.findings],
            registry=RegistryRead.maybe(detail.evidence),
            running=[progress.id for progress in detail.running],
            problem=ProblemBody.maybe(detail.problem),
        )


class PullAnswer(BaseModel):
    """What the policies of one repository give the principal; `access` null: the policy can't be read."""

    region: str
    repository: str
    access: PolicyAccess | None
    reason: str

    @classmethod
    def of(cls, row: PullRow) -> PullAnswer:
        return cls(region=row.region, repository=row.repository, access=row.access, reason=labels.say(row.reason))


class WhoCanPullBody(BaseModel):
    """From which repositories a principal can pull, by their policies. Its own account's IAM policies aren't seen."""

    principal: str
    repositories: list[PullAnswer]
    left_out: int = Field(description="More repositories whose policy may be about it; they were not judged.")
    coverage: FindingsCoverage

    @classmethod
    def of(cls, answer: WhoCanPull) -> WhoCanPullBody:
        return cls(
            principal=answer.answer.principal if answer.answer else "",
            repositories=[PullAnswer.of(row) for row in answer.rows],
            left_out=answer.answer.left_out if answer.answer else 0,
            coverage=FindingsCoverage.of(answer.knowledge),
        )
