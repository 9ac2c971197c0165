"""What exists in the sandbox: accounts, regions, repositories and container services, as plain data.

Nothing here waits or changes by itself: states follow from moments in time that are kept, and from the clock.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from app.sandbox.clock import Clock
from app.sandbox.options import SandboxOptions
from app.sandbox.policy_text import Policy
from app.sandbox.principals import Principals

REVISIONS_KEPT = 50


@dataclass(slots=True)
class Image:
    digest: str
    tags: list[str]
    size: int
    pushed_at: float
    media_type: str
    manifest: str
    artifact_media_type: str = ""


@dataclass(slots=True)
class Revision:
    """One write of a policy: who wrote, and what was there after; None when it was deleted."""

    at: float
    by: str
    document: Any


@dataclass(slots=True)
class Repository:
    """`before` is the policy that the last write replaced. `images` is None until somebody looks at them."""

    name: str
    account: str
    region: str
    created_at: float
    mutability: str = "MUTABLE"
    scan_on_push: bool = False
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
        """Put another policy in place, or none, and remember who did."""
        self.before, self.policy = self.policy, policy
        self.writes += 1
        self.revisions.append(Revision(at, by, policy and (policy.document or policy.text)))
        del self.revisions[:-REVISIONS_KEPT]


@dataclass(slots=True)
class Deployment:
    """`failure` is the log line it ends with; empty when it will succeed."""

    version: int
    created_at: float
    ends_at: float
    containers: dict[str, Any]
    endpoint: dict[str, Any] | None = None
    failure: str = ""


@dataclass(slots=True)
class Puller:
    """The image puller role. Its ARN is shown from `shown_from` on while it is active."""

    is_active: bool = False
    arn: str = ""
    shown_from: float = 0.0


@dataclass(slots=True)
class Transition:
    """A state that the service is in until a moment."""

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
    """What one account has in one region."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.services: dict[str, Service] = {}
        self._names: list[str] = []

    def repository_names(self) -> list[str]:
        """All names, sorted; kept until a repository comes or goes."""
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
    """Everything the sandbox holds. `changes` counts, so that a snapshot knows whether it is due."""

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.homes: dict[tuple[str, str], Home] = {}
        self.principals = Principals()
        self.order = random.Random(options.shuffle_seed)  # noqa: S311  (the order of principals is no secret)
        self.changes = 0

    def home(self, account: str, region: str) -> Home:
        return self.homes.setdefault((account, region), Home())

    def clear(self) -> None:
        self.homes.clear()
        self.principals = Principals()
        self.changes += 1
