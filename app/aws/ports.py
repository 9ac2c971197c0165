"""What the product needs from AWS, as ports: plain values in and out, `Problem` for every refusal.

Nothing here or behind it may ever send an account's secrets anywhere or write them down. All calls block; callers in
async code hand them to the AWS pool (`app.aws.call_pool`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from app.errors import Problem

if TYPE_CHECKING:
    from app.aws.pull_ports import PullReads

T = TypeVar("T")


@dataclass(frozen=True)
class CallerIdentity:
    """Who AWS takes us for (sts:GetCallerIdentity)."""

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
        """Active, and its principal can be named in a policy."""
        return self.is_active and bool(self.principal_arn)


@dataclass(frozen=True)
class Container:
    """One container of a deployment."""

    name: str
    image: str
    ports: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


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


@dataclass(frozen=True)
class ContainerService:
    """A Lightsail container service as `GetContainerServices` tells it.

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


@dataclass(frozen=True)
class Repository:
    """A private ECR repository as `DescribeRepositories` tells it."""

    region: str
    name: str
    registry_id: str
    uri: str
    arn: str
    created_at: datetime | None = None


@dataclass(frozen=True)
class Image:
    """One image of a repository. `size` in bytes; `media_type` tells a single image from an index or attestation."""

    digest: str
    tags: tuple[str, ...]
    pushed_at: datetime | None
    size: int = 0
    media_type: str = ""


@dataclass(frozen=True)
class ImagePage:
    """Some images of a repository, in no order; `next` asks for those after them, "" when there are none."""

    images: tuple[Image, ...]
    next: str = ""


@dataclass(frozen=True)
class Answered(Generic[T]):
    """What AWS answered, with the request id to quote."""

    value: T
    request_id: str


@dataclass(frozen=True)
class Probe:
    """Whether the present credentials may do one action; None where AWS's answer leaves it open."""

    action: str
    allowed: bool | None
    problem: Problem | None = None


class ContainerServices(Protocol):
    """Lightsail container services of one region."""

    def list_services(self) -> Answered[tuple[ContainerService, ...]]:
        """All services of the region (lightsail:GetContainerServices, which is not paged)."""

    def get_service(self, name: str) -> Answered[ContainerService]:
        """One service. Raises Problem `service.not_found`."""

    def set_role_active(self, name: str, *, active: bool) -> Answered[ContainerService]:
        """Switch the image puller role and nothing else (lightsail:UpdateContainerService).

        Raises Problem `service.not_found`, or `service.busy` (retryable) when the state refuses updates.
        """

    def list_deployments(self, name: str) -> Answered[tuple[Deployment, ...]]:
        """A service's deployments, newest first (lightsail:GetContainerServiceDeployments)."""


class Repositories(Protocol):
    """ECR repositories of one region and their policies."""

    def list_repositories(self) -> Answered[tuple[Repository, ...]]:
        """All repositories of the registry in the region (ecr:DescribeRepositories, all pages of 1,000)."""

    def get_repository(self, name: str) -> Answered[Repository]:
        """One repository by name, for those who may not list. Raises Problem `repository.not_found`."""

    def get_policy(self, name: str) -> Answered[str | None]:
        """The repository's policy text, None when it has none. Raises Problem `repository.not_found`."""

    def set_policy(self, name: str, text: str) -> Answered[str]:
        """Write the policy, without `force`; the text as ECR took it.

        Raises Problem `policy.principal_not_found` (retryable), `policy.refused`, `policy.too_long`,
        `repository.not_found`.
        """

    def delete_policy(self, name: str) -> Answered[str | None]:
        """Delete the policy; the text that was deleted, None when there was none."""

    def list_images(self, name: str, after: str = "") -> Answered[ImagePage]:
        """Up to 1,000 of the repository's images that have tags, those of the next page with `after`."""


class Registry(Protocol):
    """The private ECR registry of one region: what holds for all of its repositories."""

    def get_policy(self) -> Answered[str | None]:
        """The registry policy's text, None when there is none (ecr:GetRegistryPolicy)."""

    def get_policy_scope(self) -> Answered[str]:
        """`V1` or `V2`: what the registry policy is evaluated for (ecr:GetAccountSetting REGISTRY_POLICY_SCOPE)."""


class Identity(Protocol):
    """Who we are to AWS."""

    def caller(self) -> Answered[CallerIdentity]:
        """sts:GetCallerIdentity."""


class Aws(Protocol):
    """One connection: an AWS account as its credentials reach it."""

    def services(self, region: str) -> ContainerServices:
        """The port to a region's container services."""

    def repositories(self, region: str) -> Repositories:
        """The port to a region's repositories."""

    def registry(self, region: str) -> Registry:
        """The port to a region's registry."""

    def identity(self) -> Identity:
        """The port to who we are."""

    def pull_reads(self, region: str) -> PullReads:
        """The port to what else decides on a pull: images, manifests, logs."""

    def regions(self) -> tuple[str, ...]:
        """Every region that has Lightsail containers, as the SDK knows them."""

    def default_region(self) -> str | None:
        """The region that the SDK resolves from profile and environment. Raises Problem where neither can be read."""

    def region_problem(self, region: str) -> Problem | None:
        """Why nothing can be looked for in a region, by the SDK's data; None where Lightsail is offered."""

    def endpoint(self, service: str) -> str:
        """The address that the settings name in place of AWS's own for a service, "" for none. Raises Problem."""

    def probe(self, action: str, region: str, repository: str = "") -> Probe:
        """Try one AWS action harmlessly, for Check permissions.

        A change is tried on a name that cannot exist: AWS checks permission before existence, so that "not found"
        means allowed. With a `repository` the ecr actions are tried on that one, for people who may touch only some.
        """
