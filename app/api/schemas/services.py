"""Schemas of container services, their image puller roles, and how fresh the data is."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from app.api.schemas.problems import ProblemBody
from app.api.schemas.texts import FINGERPRINT
from app.api.strict import RequestBody
from app.console.freshness import freshness
from app.console.services import RoleState, RoleView, ServiceSummary, role_view
from app.inventory.sync_state import Reading


class PullerRole(BaseModel):
    """The ECR image puller role of a service."""

    state: RoleState
    principal_arn: str = Field(description="What a repository's policy has to name; empty while the role is not ready.")
    general_principal_arn: str = Field(description="The service's other principal, which never pulls from ECR.")

    @classmethod
    def of(cls, role: RoleView) -> PullerRole:
        return cls(state=role.state, principal_arn=role.principal_arn, general_principal_arn=role.general_principal_arn)


class Service(BaseModel):
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
    def of(cls, summary: ServiceSummary) -> Service:
        service = summary.service
        return cls(
            **{name: getattr(service, name) for name in _AS_THEY_ARE},
            role=PullerRole.of(role_view(service, summary.running)),
            can_pull=summary.can_pull,
            stale_grants=summary.stale_grants,
            broken=summary.broken,
            running=[progress.id for progress in summary.running],
            seen_at=summary.seen_at,
        )


_AS_THEY_ARE = (
    "region",
    "name",
    "arn",
    "account",
    "state",
    "state_code",
    "state_message",
    "power",
    "scale",
    "url",
    "private_domain",
    "is_disabled",
    "created_at",
)


class RegionRead(BaseModel):
    """How fresh a part of a region is."""

    region: str
    read_at: datetime | None = Field(description="When it was last read whole; null: never.")
    reading: bool = Field(description="It is being read right now, or soon for the first time.")
    problem: ProblemBody | None = Field(description="What kept the last try from reading it.")

    @classmethod
    def of(cls, read: Reading, now: datetime) -> RegionRead:
        fresh = freshness(read, now)
        return cls(
            region=read.region,
            read_at=read.succeeded_at,
            reading=fresh.reading,
            problem=ProblemBody.maybe(read.problem),
        )


class ServiceList(BaseModel):
    """Every service of every configured region, by name, then region."""

    services: list[Service]
    regions: list[RegionRead]


class Identity(BaseModel):
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
