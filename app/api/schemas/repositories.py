"""Schemas of repositories as seen for one service, and of the requests about access to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from app.api.schemas.answer import Answer, English
from app.api.schemas.operations import Fingerprint
from app.api.schemas.problems import ProblemBody
from app.api.schemas.services import PullerRole
from app.api.schemas.texts import REGION, TEXT
from app.api.strict import RequestBody
from app.console.access import AccessStatus, RepositoryRow
from app.console.evidence import Evidence, RegistryState
from app.console.service_repositories import ServiceRepositories
from app.inventory.repository_search import Choice, Choices

# Longer than ECR's longest name, so that a name that is too long gets its own message.
RepositoryName = Annotated[str, Field(min_length=1, max_length=1000, examples=["storefront/web"])]
RegionName = Annotated[str, Field(pattern=REGION, max_length=32, examples=["us-east-1"])]
Principal = Annotated[str, Field(min_length=1, max_length=2048, pattern=TEXT)]


class RegistryRead(Answer):
    """What is known of the region's registry policy, which also decides every `access`."""

    state: RegistryState = Field(
        description="`read`: evaluated. `none`: there is none. `scope_v1`: it doesn't apply to pulls. `scope_unknown`: it "
        "may not apply to pulls. `refused`: a permission is missing. `unreadable`: `problem` says why. `not_read`: not yet."
    )
    read_at: datetime | None = Field(description="When it was last read; null: never.")
    problem: ProblemBody | None = Field(description="What kept the last try from reading it.")
    not_evaluated: list[English] = Field(description="What else may decide on a pull and is part of no `access` here.")

    @model_validator(mode="before")
    @classmethod
    def _as_known(cls, data: Any) -> Any:
        return {**vars(data.registry), "not_evaluated": data.limits} if isinstance(data, Evidence) else data


class RepositoryAccess(Answer):
    """What the repository policy and the registry policy give the service."""

    name: str
    uri: str = Field(description="Without a tag.")
    access: AccessStatus
    reason: English = Field(description="Why, in one English sentence.")
    by_registry: bool = Field(description="A statement of the registry policy is among those that decide.")
    by_name: bool = Field(description="The policy names a role of this service, so a revoke can take something away.")
    repairable: bool = Field(description="A repair would mend the access.")
    added_at: datetime | None = Field(description="When access was last given with Sailpass.")
    added_by: str
    read_at: datetime | None = Field(description="When the policy was last read; null: never.")
    problem: ProblemBody | None = Field(description="What kept the policy from being read.")
    running: str | None = Field(description="The id of the live operation on it.")

    @classmethod
    def of(cls, row: RepositoryRow, /, **others: Any) -> Self:
        return super().of(row, running=row.running.id if row.running else None, **others)


class PolicyCoverage(Answer):
    """How many of the region's repositories have had their policy read."""

    read: int
    total: int
    oldest_at: datetime | None
    listing: bool = Field(description="False: IAM does not let us list repositories; `total` counts those we know.")


class RepositoryList(Answer):
    """The repositories that a service can pull from, or whose policy names it."""

    repositories: list[RepositoryAccess]
    role: PullerRole
    policies: PolicyCoverage
    registry: RegistryRead | None = Field(validation_alias="evidence")
    problems: list[ProblemBody] = Field(description="What kept parts of the region from being read.")
    not_listed: int = Field(
        validation_alias="left_out",
        description="How many more repositories have a policy that may concern the service, and are not listed.",
    )

    @classmethod
    def of(cls, known: ServiceRepositories, /, **others: Any) -> Self:
        return super().of(
            known,
            repositories=[RepositoryAccess.of(row) for row in known.repositories],
            problems=[failure.problem for failure in known.failures],
            **others,
        )


class RepositoryChoice(Answer):
    """A repository that the service cannot pull from yet."""

    name: str
    uri: str
    has_policy: bool | None = Field(description="Null: its policy has not been read yet.")
    access: AccessStatus | None = Field(description="What its policy gives the service, where it is about the service.")
    reason: str

    @classmethod
    def of(cls, choice: Choice, /, **others: Any) -> Self:
        verdict = choice.verdict
        return super().of(
            choice,
            access=AccessStatus(verdict.access) if verdict else None,
            reason=verdict.sentence if verdict else "",
            **others,
        )


class ChoiceList(Answer):
    """The first matches, by name."""

    choices: list[RepositoryChoice]
    more: bool = Field(description="Others fit too; ask with a longer `q`.")

    @classmethod
    def of(cls, choices: Choices, /, **others: Any) -> Self:
        return super().of(choices, choices=[RepositoryChoice.of(row) for row in choices.rows], **others)


class GrantRequest(RequestBody):
    """A repository to grant access to, or to repair access to."""

    repository: RepositoryName
    previewed: Fingerprint | None = None


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
