"""The data in the sandbox: accounts, regions, registries, repositories and container services.

Plain data without waits: states follow from stored times and the clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from app.sandbox.behavior import Behavior
from app.sandbox.clock import Clock
from app.sandbox.identity import Identity
from app.sandbox.options import SandboxOptions
from app.sandbox.policy_text import Policy
from app.sandbox.principals import Principals

REVISIONS_KEPT = 50


@dataclass(slots=True)
class Image:
    """An image or another artifact, by its manifest.

    Args:
        size: ECR's size of its layers, in bytes.
        artifact_media_type: the media type of its config, or its own artifact type; "" for an index.
        subject: the digest of the image that a signature, an SBOM or an attestation is about; "" for none.
        config: the text of its config blob, "" if only the manifest was pushed.
        status: ACTIVE, ARCHIVED, or ACTIVATING until `activates_at`.
    """

    digest: str
    tags: list[str]
    size: int
    pushed_at: float
    media_type: str
    manifest: str
    artifact_media_type: str = ""
    subject: str = ""
    config: str = ""
    status: str = "ACTIVE"
    activates_at: float = 0.0
    archived_at: float | None = None
    activated_at: float | None = None
    pulled_at: float | None = None


@dataclass(slots=True)
class Revision:
    """One write of a policy: its writer, and the policy after it; None when it was deleted."""

    at: float
    by: str
    document: Any


@dataclass(slots=True)
class Repository:
    """A repository. `before` is the policy that the last write replaced. `images` is None until they are first used.

    `is_key_usable`: its KMS key is enabled, and ECR has a grant on it.
    """

    name: str
    account: str
    region: str
    created_at: float
    mutability: str = "MUTABLE"
    exclusions: list[dict[str, str]] = field(default_factory=list)
    encryption: dict[str, str] = field(default_factory=lambda: {"encryptionType": "AES256"})
    is_key_usable: bool = True
    scan_on_push: bool = False
    lifecycle: str = ""
    tags: list[dict[str, str]] = field(default_factory=list)
    images: list[Image] | None = None
    policy: Policy | None = None
    before: Policy | None = None
    writes: int = 0
    revisions: list[Revision] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return f"arn:aws:ecr:{self.region}:{self.account}:repository/{self.name}"

    @property
    def uri(self) -> str:
        return f"{self.account}.dkr.ecr.{self.region}.amazonaws.com/{self.name}"

    def write_policy(self, policy: Policy | None, by: str, at: float) -> None:
        """Set another policy, or none, and record the writer."""
        self.before, self.policy = self.policy, policy
        self.writes += 1
        self.revisions.append(Revision(at, by, policy and (policy.document or policy.text)))
        del self.revisions[:-REVISIONS_KEPT]


@dataclass(slots=True)
class Registry:
    """An account's registry in a region, without its repositories. `settings` hold those that were changed."""

    policy: Policy | None = None
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def is_policy_for_all_actions(self) -> bool:
        """Whether the policy's scope is V2, the default of registries made since December 2024."""
        return self.settings.get("REGISTRY_POLICY_SCOPE", "V2") == "V2"


@dataclass(slots=True)
class Organization:
    """An AWS Organization: its member accounts and the resource control policies on its root.

    Those apply to every member except the management account.
    """

    id: str
    accounts: list[str] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)
    management_account: str = ""


@dataclass(slots=True)
class Deployment:
    """A deployment, whose images are pulled at `pulls_at`; how it ends is known once they are (see `deployments`).

    Args:
        failure: the log line it ends with; empty when it succeeds.
        cause: why it fails, only for the control route: AWS does not say.
        log: its containers' log lines with their times, by container.
    """

    version: int
    created_at: float
    ends_at: float
    containers: dict[str, Any]
    endpoint: dict[str, Any] | None = None
    failure: str = ""
    cause: str = ""
    log: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    starts_at: float = 0.0
    pulls_at: float = 0.0
    is_pulled: bool = True


@dataclass(slots=True)
class Puller:
    """The image puller role. Its ARN is shown from `shown_from` on while it is active."""

    is_active: bool = False
    arn: str = ""
    shown_from: float = 0.0


@dataclass(slots=True)
class Transition:
    """A state that the service is in until a given time."""

    state: str
    until: float


@dataclass(slots=True)
class Service:
    """A container service. `puller` is None for those older than the feature."""

    name: str
    account: str
    region: str
    id: str
    created_at: float
    power: str
    scale: int
    role_arn: str
    puller: Puller | None = field(default_factory=Puller)
    roles_made: int = 0
    is_disabled: bool = False
    tags: list[dict[str, str]] = field(default_factory=list)
    domains: dict[str, list[str]] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    transition: Transition | None = None

    @property
    def arn(self) -> str:
        return f"arn:aws:lightsail:{self.region}:{self.account}:ContainerService/{self.id}"


class Home:
    """One account's resources in one region."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.services: dict[str, Service] = {}
        self.registry = Registry()
        self._names: list[str] = []

    def repository_names(self) -> list[str]:
        """Return all names, sorted; cached until a repository is added or removed."""
        if len(self._names) != len(self.repositories):
            self._names = sorted(self.repositories)
        return self._names

    def add_repository(self, repository: Repository) -> None:
        self.repositories[repository.name] = repository
        self._names = []

    def drop_repository(self, name: str) -> Repository:
        self._names = []
        return self.repositories.pop(name)


class World:
    """Everything the sandbox holds.

    `changes` counts, so that a snapshot knows whether it is due. `identities` are the principals with credentials of
    their own, by access key. `pulls` are the deployments whose images have yet to be pulled. The latest of `behaviors`
    for a container decides how it runs.
    """

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.homes: dict[tuple[str, str], Home] = {}
        self.principals = Principals()
        self.organizations: dict[str, Organization] = {}
        self.identities: dict[str, Identity] = {}
        self.behaviors: list[Behavior] = []
        self.pulls: list[tuple[Service, Deployment]] = []
        self.order = random.Random(options.shuffle_seed)  # noqa: S311  (the order of principals is no secret)
        self.changes = 0

    def home(self, account: str, region: str) -> Home:
        return self.homes.setdefault((account, region), Home())

    def registry_policy(self, account: str, region: str, *, is_v1_action: bool = True) -> Policy | None:
        """Return the registry policy; None without one, or if its scope is V1 and the action is not one of V1's."""
        home = self.homes.get((account, region))
        if home is None or not (is_v1_action or home.registry.is_policy_for_all_actions):
            return None
        return home.registry.policy

    def organization_of(self, account: str) -> Organization | None:
        return next((each for each in self.organizations.values() if account in each.accounts), None)

    def clear(self) -> None:
        self.homes.clear()
        self.principals = Principals()
        self.organizations.clear()
        self.identities.clear()
        self.behaviors.clear()
        self.pulls.clear()
        self.changes += 1
