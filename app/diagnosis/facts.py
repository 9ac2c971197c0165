"""What is known of one image in one service: each reading is known, not found, refused, or unknown. Plain values."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from app.aws.ports import ContainerService, Deployment
from app.aws.pull_ports import ImageDetail, LogLine, Manifest
from app.diagnosis.check_result import CheckResult, Sentence, Status, fine, not_reached
from app.diagnosis.image_uri import ImageUri, parse_image
from app.diagnosis.log_evidence import Ending, LogEvidence, read_log
from app.errors import Problem

T = TypeVar("T")

# As many names of repositories as one page has: there may be more.
MOST_NAMES = 1_000
DENIED = "aws.access_denied"
KMS_ERROR = "image.kms_error"
# The Problem's reason where no IAM policy allows the call.
_NOT_ALLOWED = "not_allowed"
_MISSING = frozenset({"service.not_found", "repository.not_found", "image.not_found", "lifecycle.not_found"})


@dataclass(frozen=True)
class Known(Generic[T]):
    """A value that AWS returned."""

    value: T


@dataclass(frozen=True)
class NotFound:
    """AWS says that it does not exist; `code` is the Problem's."""

    code: str


@dataclass(frozen=True)
class Refused:
    """AWS denies the read. `permission` is the denied IAM action.

    `by_resource_policy`: the policy of the repository or of the registry explicitly denies it, so that IAM can't help.
    `is_overruled`: an explicit deny, or another kind of policy than IAM's, refuses it: a permission alone doesn't help.
    """

    permission: str
    by_resource_policy: bool = False
    is_overruled: bool = False


@dataclass(frozen=True)
class Unknown:
    """AWS could not be reached, or not in time; `code` is the Problem's."""

    code: str


@dataclass(frozen=True)
class NotRead:
    """The read was not made."""


NOT_READ = NotRead()
Reading: TypeAlias = Known[T] | NotFound | Refused | Unknown | NotRead


def reading_of(problem: Problem) -> NotFound | Refused | Unknown:
    """Return a failed read as a reading; only AWS's own "not found" means that it does not exist."""
    if problem.code in _MISSING:
        return NotFound(problem.code)
    if problem.code == DENIED:
        is_explicit = "explicit deny in a resource-based policy" in problem.aws_message
        is_overruled = problem.params.get("reason", _NOT_ALLOWED) != _NOT_ALLOWED
        return Refused(str(problem.params.get("action", "")), is_explicit, is_overruled)
    return Unknown(problem.code)


def not_checked(reading: Reading[T]) -> CheckResult:
    """Return the outcome of a check whose reading is missing."""
    if isinstance(reading, Refused) and reading.by_resource_policy:
        return CheckResult(Status.NOT_CHECKED, Sentence("not_checked.denied", {"permission": reading.permission}))
    if isinstance(reading, Refused):
        code = "not_checked.overruled" if reading.is_overruled else "not_checked.permission"
        said = Sentence(code, {"permission": reading.permission})
        return CheckResult(Status.NOT_CHECKED, said, permission=reading.permission)
    if isinstance(reading, Unknown | NotFound):
        return CheckResult(Status.NOT_CHECKED, Sentence("not_checked.unknown", {"problem": reading.code}))
    return CheckResult(Status.NOT_CHECKED, Sentence("not_checked.not_read"))


@dataclass(frozen=True)
class Facts:
    """All facts about one image of one service. `image` is the text as it was typed or deployed.

    `regions` are those that have Lightsail; `region_problem` says why this one does not. `deployment` is the newest
    that runs this image, with names but no values of environment variables; `port_variable`: its variable PORT names
    another port than its public endpoint. `unlisted`: why the deployments couldn't be listed; those known then are the
    service's own, without any that failed. `elsewhere` are other Regions that hold what is missing here. `platform` is
    that of the image's config. `access_given_at`: when access to the repository was given, if that is recorded.
    """

    region: str
    service_name: str
    image: str
    now: datetime
    container: str = ""
    region_problem: str = ""
    service: Reading[ContainerService] = NOT_READ
    service_names: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    deployments: Reading[tuple[Deployment, ...]] = NOT_READ
    unlisted: Refused | Unknown | None = None
    deployment: Deployment | None = None
    port_variable: bool = False
    policy: Reading[str | None] = NOT_READ
    registry_policy: Reading[str | None] = NOT_READ
    registry_scope: Reading[str] = NOT_READ
    detail: Reading[ImageDetail] = NOT_READ
    images: Reading[tuple[ImageDetail, ...]] = NOT_READ
    lifecycle: Reading[str | None] = NOT_READ
    repositories: Reading[tuple[str, ...]] = NOT_READ
    stored_images: Reading[tuple[str, ...]] = NOT_READ
    log: Reading[tuple[LogLine, ...]] = NOT_READ
    manifest: Reading[Manifest] = NOT_READ
    config_url: Reading[str] = field(default=NOT_READ, repr=False)
    platform: Reading[str] = NOT_READ
    child: Reading[ImageDetail] = NOT_READ
    access_given_at: datetime | None = None
    uri: ImageUri = field(init=False, repr=False, compare=False, default=parse_image(""))
    log_evidence: LogEvidence | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "uri", parse_image(self.image))
        if isinstance(self.log, Known) and self.failed is not None:
            object.__setattr__(self, "log_evidence", read_log(self.log.value, self.failed, self.container))

    @property
    def failed(self) -> Deployment | None:
        """The deployment of this image, if it has failed."""
        return self.deployment if self.deployment is not None and self.deployment.state == "FAILED" else None

    @property
    def was_canceled(self) -> bool:
        """Whether the deployment failed before the container wrote a line: the image was not pulled."""
        evidence = self.log_evidence
        return evidence is not None and not evidence.started and evidence.ending is Ending.CANCELED

    @property
    def was_active(self) -> bool:
        """Whether the newest deployment of this image is active, or was."""
        return self.deployment is not None and self.deployment.state in ("ACTIVE", "INACTIVE")

    @property
    def pushed_since(self) -> datetime | None:
        """When the tag was pushed after the newest deployment: it names another image now than what that pulled."""
        pushed = self.detail.value.pushed_at if isinstance(self.detail, Known) else None
        created = self.deployment.created_at if self.deployment else None
        if self.uri.digest or pushed is None or created is None or pushed <= created:
            return None
        return pushed

    @property
    def has_run(self) -> bool:
        """Whether a container of this image has run: the image was pulled. See `pushed_since`."""
        return self.was_active or (self.log_evidence is not None and self.log_evidence.started)

    @property
    def repository_missing(self) -> bool:
        """Whether ECR says that there is no such repository, or lists all others to a caller who may not read this one."""
        if NotFound("repository.not_found") in (self.policy, self.detail):
            return True
        if not self.is_hidden or not isinstance(self.repositories, Known):
            return False
        return len(self.repositories.value) < MOST_NAMES and self.uri.repository not in self.repositories.value

    @property
    def is_hidden(self) -> bool:
        """Whether IAM refuses what would show that the repository exists: it refuses by name, before ECR looks."""
        readings = (self.policy, self.detail)
        return not self.is_foreign and all(
            isinstance(reading, Refused) and not reading.by_resource_policy for reading in readings
        )

    @property
    def is_undecryptable(self) -> bool:
        """Whether ECR says that it can't decrypt the image; known once its manifest was read."""
        return self.manifest == Unknown(KMS_ERROR)

    @property
    def account(self) -> str:
        """The service's account, "" if the service is not known."""
        return self.service.value.account if isinstance(self.service, Known) else ""

    @property
    def is_foreign(self) -> bool:
        """Whether the image is in the registry of another account than the service's, whose policy can't be read."""
        return self.uri.is_private and "" not in (self.uri.account, self.account) and self.uri.account != self.account

    @property
    def registry_id(self) -> str:
        """The account whose registry is read: the one in the image's name, else the service's."""
        return self.uri.account or self.account

    @property
    def repository_arn(self) -> str:
        """The ARN of the repository that is read, in the service's Region; "" if its account is not known."""
        if not self.registry_id or not self.uri.repository:
            return ""
        return f"arn:aws:ecr:{self.region}:{self.registry_id}:repository/{self.uri.repository}"

    @property
    def tag(self) -> str:
        """The tag that is pulled: `latest` if the image has neither tag nor digest; "" beside a digest, which decides."""
        return "" if self.uri.digest else self.uri.tag or "latest"

    @property
    def had_access(self) -> bool:
        """Whether access to the repository is recorded as given before the deployment."""
        created = self.deployment.created_at if self.deployment else None
        return created is not None and self.access_given_at is not None and self.access_given_at <= created

    @property
    def was_tried_again(self) -> bool:
        """Whether the version before the failed one ran the same image and failed too."""
        if self.failed is None or not isinstance(self.deployments, Known):
            return False
        version = self.failed.version - 1
        before = next((each for each in self.deployments.value if each.version == version), None)
        images = [parse_image(container.image) for container in before.containers] if before else []
        return before is not None and before.state == "FAILED" and self.uri in images

    @property
    def mended_at(self) -> datetime | None:
        """When what kept the deployment from pulling was put right, as far as it is known: after it was created."""
        restored = self.detail.value.restored_at if isinstance(self.detail, Known) else None
        times = [when for when in (restored, self.access_given_at) if when is not None]
        created = self.deployment.created_at if self.deployment else None
        later = [when for when in times if created is not None and when > created]
        return max(later, default=None)


def not_private(facts: Facts) -> CheckResult | None:
    """Return the outcome of a check that applies only to private repositories; None if the image is in one."""
    if facts.uri.is_private:
        return None
    return fine("not_private") if facts.image else not_reached("no_image")
