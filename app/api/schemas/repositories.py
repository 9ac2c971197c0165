"""Schemas of repositories as seen for one service, and of the requests about access to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from app.api.schemas.operations import Fingerprint
from app.api.schemas.problems import ProblemBody
from app.api.schemas.services import PullerRole
from app.api.schemas.texts import TEXT
from app.api.strict import RequestBody
from app.console.access import AccessStatus, RepositoryRow
from app.console.evidence import Evidence, RegistryState
from app.console.service_repositories import PoliciesRead, ServiceRepositories
from app.inventory.repository_search import Choice, Choices
from app.messages import labels
from app.policy.messages import say
from app.wording import Message

# Longer than ECR's longest name, so that a name that is too long gets its own message.
RepositoryName = Annotated[str, Field(min_length=1, max_length=1000, examples=["storefront/web"])]
Principal = Annotated[str, Field(min_length=1, max_length=2048, pattern=TEXT)]


def english(said: Message | None) -> str:
    """Return the sentence in English, or ""."""
    return labels.say(said) if said else ""


class RegistryRead(BaseModel):
    """What is known of the region's registry policy, which also decides every `access`."""

    state: RegistryState = Field(
        description="`read`: evaluated. `none`: there is none. `scope_v1`: it doesn't apply to pulls. `scope_unknown`: it "
        "may not apply to pulls. `refused`: a permission is missing. `unreadable`: `problem` says why. `not_read`: not yet."
    )
    read_at: datetime | None = Field(description="When it was last read; null: never.")
    problem: ProblemBody | None = Field(description="What kept the last try from reading it.")
    not_evaluated: list[str] = Field(description="What else may decide on a pull and is part of no `access` here.")

    @classmethod
    def of(cls, evidence: Evidence) -> RegistryRead:
        registry = evidence.registry
        return cls(
            state=registry.state,
            read_at=registry.read_at,
            problem=ProblemBody.maybe(registry.problem),
            not_evaluated=[english(limit) for limit in evidence.limits],
        )

    @classmethod
    def maybe(cls, evidence: Evidence | None) -> RegistryRead | None:
        return cls.of(evidence) if evidence else None


class RepositoryAccess(BaseModel):
    """What the repository policy and the registry policy give the service."""

    name: str
    uri: str = Field(description="Without a tag.")
    access: AccessStatus
    reason: str = Field(description="Why, in one English sentence.")
    by_registry: bool = Field(description="A statement of the registry policy is among those that decide.")
    by_name: bool = Field(description="The policy names a role of this service, so a revoke can take something away.")
    repairable: bool = Field(description="A repair would mend the access.")
    added_at: datetime | None = Field(description="When access was last given with Sailpass.")
    added_by: str
    read_at: datetime | None = Field(description="When the policy was last read; null: never.")
    problem: ProblemBody | None = Field(description="What kept the policy from being read.")
    running: str | None = Field(description="The id of the live operation on it.")

    @classmethod
    def of(cls, row: RepositoryRow) -> RepositoryAccess:
        return cls(
            name=row.name,
            uri=row.uri,
            access=row.access,
            reason=english(row.reason),
            by_registry=row.by_registry,
            by_name=row.by_name,
            repairable=row.repairable,
            added_at=row.added_at,
            added_by=row.added_by,
            read_at=row.read_at,
            problem=ProblemBody.maybe(row.problem),
            running=row.running.id if row.running else None,
        )


class PolicyCoverage(BaseModel):
    """How many of the region's repositories have had their policy read."""

    read: int
    total: int
    oldest_at: datetime | None
    listing: bool = Field(description="False: IAM does not let us list repositories; `total` counts those we know.")

    @classmethod
    def of(cls, read: PoliciesRead) -> PolicyCoverage:
        return cls(read=read.read, total=read.total, oldest_at=read.oldest_at, listing=read.listing)


class RepositoryList(BaseModel):
    """The repositories that a service can pull from, or whose policy names it."""

    repositories: list[RepositoryAccess]
    role: PullerRole
    policies: PolicyCoverage
    registry: RegistryRead | None
    problems: list[ProblemBody] = Field(description="What kept parts of the region from being read.")
    not_listed: int = Field(
        description="How many more repositories have a policy that may concern the service, and are not listed."
    )

    @classmethod
    def of(cls, choices: ServiceRepositories) -> RepositoryList:
        return cls(
            repositories=[RepositoryAccess.of(row) for row in choices.repositories],
            role=PullerRole.of(choices.role),
            policies=PolicyCoverage.of(choices.policies),
            registry=RegistryRead.maybe(choices.evidence),
            problems=[ProblemBody.of(failure.problem) for failure in choices.failures],
            not_listed=choices.left_out,
        )


class RepositoryChoice(BaseModel):
    """A repository that the service cannot pull from yet."""

    name: str
    uri: str
    has_policy: bool | None = Field(description="Null: its policy has not been read yet.")
    access: AccessStatus | None = Field(description="What its policy gives the service, where it is about the service.")
    reason: str

    @classmethod
    def of(cls, choice: Choice) -> RepositoryChoice:
        verdict = choice.verdict
        return cls(
            name=choice.name,
            uri=choice.uri,
            has_policy=choice.has_policy,
            access=AccessStatus(verdict.access) if verdict else None,
            reason=say(verdict.code, verdict.params) if verdict else "",
        )


class ChoiceList(BaseModel):
    """The first matches, by name."""

    choices: list[RepositoryChoice]
    more: bool = Field(description="Others fit too; ask with a longer `q`.")

    @classmethod
    def of(cls, choices: Choices) -> ChoiceList:
        return cls(choices=[RepositoryChoice.of(row) for row in choices.rows], more=choices.more)


class GrantRequest(RequestBody):
    """A repository to grant access to, or to repair access to."""

    repository: RepositoryName
    previewed: Fingerprint | None = None


RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", max_length=32, examples=["us-east-1"])]


class PruneRequest(RequestBody):
    """A policy to remove deleted principals from."""

    repository: RepositoryName
    previewed: Fingerprint
    principals: list[Principal] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Some of those that may be removed, as in the preview; left out: all that are certainly dead.",
    )


class RepositoryPruneRequest(PruneRequest):
    """The same, with the repository's Region."""

    region: RegionName
