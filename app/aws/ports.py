"""What the product needs from AWS, as ports: plain values in and out, `Problem` for every refusal.

No implementation sends an account's secrets to anything but AWS, or writes them down. All calls block; async code runs
them in the AWS pool (`app.aws.call_pool`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from app.errors import Problem

if TYPE_CHECKING:
    from app.aws.deployment_ports import ServiceDeployments
    from app.aws.pull_ports import PullReads

T = TypeVar("T")


@dataclass(frozen=True)
class CallerIdentity:
    """The AWS caller identity (sts:GetCallerIdentity)."""

    account: str
    arn: str


@dataclass(frozen=True)
class Role:
    """A service's ECR image puller role: `privateRegistryAccess.ecrImagePullerRole`.

    `principal_arn` is "" while the role is inactive, and may be "" for a while after its activation.
    """

    is_active: bool = False
    principal_arn: str = ""

    @property
    def ready(self) -> bool:
        """Whether it is active and its principal can be named in a policy."""
        return self.is_active and bool(self.principal_arn)


@dataclass(frozen=True)
class Container:
    """One container of a deployment."""

    name: str
    image: str
    ports: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Deployment:
    """One version of what a service runs. `state`: ACTIVATING, ACTIVE, INACTIVE or FAILED."""

    version: int
    state: str
    created_at: datetime | None
    containers: tuple[Container, ...] = ()
    public_container: str = ""
    public_port: int | None = None
    health_check_path: str = ""
    health_check_codes: str = ""
    health_check: Mapping[str, Any] = field(default_factory=dict)
    """The whole check, by AWS's names."""


@dataclass(frozen=True)
class ContainerService:
    """A Lightsail container service as `GetContainerServices` returns it.

    `general_principal_arn` is the service's own `principalArn`: never the one that pulls from ECR.
    """

    region: str
    name: str
    arn: str
    account: str
    state: str
    role: Role
    state_code: str = ""
    state_message: str = ""
    power: str = ""
    scale: int = 1
    tags: Mapping[str, str] = field(default_factory=dict)
    url: str = ""
    private_domain: str = ""
    is_disabled: bool = False
    general_principal_arn: str = ""
    created_at: datetime | None = None
    current_deployment: Deployment | None = None
    next_deployment: Deployment | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it accepts an update; terraform and CloudFormation wait for these states."""
        return self.state in {"READY", "RUNNING", "DISABLED"}


@dataclass(frozen=True)
class Repository:
    """A private ECR repository as `DescribeRepositories` returns it."""

    region: str
    name: str
    registry_id: str
    uri: str
    arn: str
    created_at: datetime | None = None


@dataclass(frozen=True)
class Answered(Generic[T]):
    """AWS's answer, with the request id to quote."""

    value: T
    request_id: str


@dataclass(frozen=True)
class Probe:
    """Whether the current credentials may do one action; None if AWS's answer does not decide it."""

    action: str
    allowed: bool | None
    problem: Problem | None = None


class ContainerServices(Protocol):
    """Lightsail container services of one region."""

    def list_services(self) -> Answered[tuple[ContainerService, ...]]:
        """Return all services of the region (lightsail:GetContainerServices, which is not paged)."""

    def get_service(self, name: str) -> Answered[ContainerService]:
        """Return one service. Raises Problem `service.not_found`."""

    def set_role_active(self, name: str, *, active: bool) -> Answered[ContainerService]:
        """Switch the image puller role and nothing else (lightsail:UpdateContainerService).

        Raises Problem `service.not_found`, or `service.busy` (retryable) when the state refuses updates.
        """

    def list_deployments(self, name: str) -> Answered[tuple[Deployment, ...]]:
        """Return a service's deployments, newest first (lightsail:GetContainerServiceDeployments)."""


class Repositories(Protocol):
    """ECR repositories of one region and their policies."""

    def list_repositories(self) -> Answered[tuple[Repository, ...]]:
        """Return all repositories of the registry in the region (ecr:DescribeRepositories, all pages of 1,000)."""

    def get_repository(self, name: str) -> Answered[Repository]:
        """Return one repository by name, without needing permission to list. Raises Problem `repository.not_found`."""

    def get_policy(self, name: str) -> Answered[str | None]:
        """Return the repository's policy text, None if it has none. Raises Problem `repository.not_found`."""

    def set_policy(self, name: str, text: str) -> Answered[str]:
        """Write the policy, without `force`, and return the text that ECR accepted.

        Raises Problem `policy.principal_not_found` (retryable), `policy.refused`, `policy.too_long`,
        `repository.not_found`.
        """

    def delete_policy(self, name: str) -> Answered[str | None]:
        """Delete the policy and return its text; None if there was none."""


class Registry(Protocol):
    """The private ECR registry of one region: what applies to all of its repositories."""

    def get_policy(self) -> Answered[str | None]:
        """Return the registry policy's text, None if there is none (ecr:GetRegistryPolicy)."""

    def get_policy_scope(self) -> Answered[str]:
        """Return `V1` or `V2`: the registry policy's scope (ecr:GetAccountSetting REGISTRY_POLICY_SCOPE)."""


class Identity(Protocol):
    """The identity of the credentials in use."""

    def caller(self) -> Answered[CallerIdentity]:
        """Return the caller identity (sts:GetCallerIdentity)."""


class Aws(Protocol):
    """One connection: an AWS account as its credentials reach it."""

    def services(self, region: str) -> ContainerServices:
        """Return the port to a region's container services."""

    def deployments(self, region: str) -> ServiceDeployments:
        """Return the port to deployments of a region's container services, environment values included."""

    def repositories(self, region: str) -> Repositories:
        """Return the port to a region's repositories."""

    def registry(self, region: str) -> Registry:
        """Return the port to a region's registry."""

    def identity(self) -> Identity:
        """Return the port to the caller identity."""

    def pull_reads(self, region: str) -> PullReads:
        """Return the port to what else decides on a pull: images, manifests, logs."""

    def regions(self) -> tuple[str, ...]:
        """Return every region that has Lightsail containers, according to the SDK."""

    def default_region(self) -> str | None:
        """Return the region from profile and environment, as the SDK resolves it. Raises Problem if unreadable."""

    def region_problem(self, region: str) -> Problem | None:
        """Return why a region cannot be used, according to the SDK's data; None if Lightsail is offered there."""

    def endpoint(self, service: str) -> str:
        """Return the endpoint URL in the settings for a service, "" for AWS's own. Raises Problem."""

    def probe(self, action: str, region: str, repository: str = "") -> Probe:
        """Try one AWS action without effect, for Check permissions.

        A change is tried on a name that cannot exist: AWS checks permission before existence, so that "not found"
        means allowed. With a `repository` the ecr actions are tried on that one, for people who may use only some.
        """
