"""Schemas of container services, their image puller roles, and how fresh the data is."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from app.api.schemas.answer import Answer
from app.api.schemas.problems import ProblemBody
from app.api.schemas.texts import FINGERPRINT
from app.api.strict import RequestBody
from app.console.services import RoleState, ServiceSummary, role_view


class PullerRole(Answer):
    """The ECR image puller role of a service."""

    state: RoleState
    principal_arn: str = Field(description="What a repository's policy has to name; empty while the role is not ready.")
    general_principal_arn: str = Field(description="The service's other principal, which never pulls from ECR.")


class Service(Answer):
    """A Lightsail container service as it was at `seen_at`."""

    region: str
    name: str
    arn: str
    account: str
    state: str = Field(description="AWS's word: PENDING, READY, RUNNING, UPDATING, DELETING, DISABLED, DEPLOYING.")
    state_code: str = Field(description="AWS's detail of the state, where there is one.")
    state_message: str
    power: str
    scale: int
    url: str
    private_domain: str
    is_disabled: bool
    created_at: datetime | None
    role: PullerRole
    can_pull: int | None = Field(description="From how many repositories the role may pull; null: none was read yet.")
    stale_grants: int | None = Field(
        description="How many policies name another role of this service, which cannot pull."
    )
    broken: int | None = Field(description="From how many repositories an error keeps it from pulling; null: unknown.")
    running: list[str] = Field(description="The ids of its live operations.")
    seen_at: datetime

    @classmethod
    def of(cls, summary: ServiceSummary, /, **others: Any) -> Self:
        return super().of(
            summary.service,
            role=role_view(summary.service, summary.running),
            can_pull=summary.can_pull,
            stale_grants=summary.stale_grants,
            broken=summary.broken,
            running=[progress.id for progress in summary.running],
            seen_at=summary.seen_at,
            **others,
        )


class RegionRead(Answer):
    """How fresh a part of a region is."""

    region: str
    read_at: datetime | None = Field(
        validation_alias="succeeded_at", description="When it was last read whole; null: never."
    )
    reading: bool = Field(description="It is being read right now, or soon for the first time.")
    problem: ProblemBody | None = Field(description="What kept the last try from reading it.")


class ServiceList(Answer):
    """Every service of every configured region, by name, then region."""

    services: list[Service]
    regions: list[RegionRead]


class Identity(Answer):
    """The caller of the API, and the console's AWS caller identity."""

    person: str = Field(description="You, as the history will name you.")
    version: str = Field(description="Of Sailpass.")
    regions: list[str] = Field(description="The regions that it looks after.")
    account: str = Field(description="The AWS account; empty while unknown.")
    arn: str = Field(description="The AWS identity; empty while unknown.")
    seen_at: datetime | None = Field(description="When AWS said so.")


class DeactivateRequest(RequestBody):
    """How to deactivate the image puller role."""

    remove_statements: bool = Field(default=False, description="Take its statements out of every policy first.")
    previewed: str = Field(
        max_length=64,
        pattern=FINGERPRINT,
        description="The `previewed` of `POST …/role/deactivate/preview`: it is done as shown there, or not at all.",
    )
