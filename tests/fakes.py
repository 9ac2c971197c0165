"""AWS and time in memory. `tests/aws/test_contract.py` runs the real adapters' contract against them."""

from __future__ import annotations

import itertools
import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from app.aws.clients import CallMade
from app.aws.ports import Answered, CallerIdentity, ContainerService, Deployment, Probe, Repository, Role
from app.aws.pull_ports import ImageDetail
from app.clock import Clock
from app.errors import Problem
from tests.build import ACCOUNT, REGION, a_repository, a_service, puller_arn
from tests.fake_clock import FakeClock
from tests.fake_deployments import FakeDeployments, FakeVersions
from tests.fake_pulls import FakePullReads

T = TypeVar("T")


@dataclass
class _Service:
    """A service and what is about to become of it."""

    shown: ContainerService
    births: int = 0
    settles_at: datetime | None = None
    becomes: ContainerService | None = None
    deployments: list[Deployment] = field(default_factory=list)
    deployed: FakeVersions = field(default_factory=FakeVersions)


@dataclass
class _Repository:
    shown: Repository
    policy: str | None = None
    images: list[ImageDetail] = field(default_factory=list)


class FakeAws:
    """`ports.Aws` in memory.

    A role takes `activation_seconds` of the clock, in which the service is UPDATING; ECR knows its principal
    `principal_seconds` after that. `calls` lists what was called.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        account: str = ACCOUNT,
        default_region: str | None = REGION,
        activation_seconds: float = 6,
        principal_seconds: float = 0,
    ) -> None:
        self.clock: Clock = clock or FakeClock()
        self.account = account
        self.activation_seconds = activation_seconds
        self.principal_seconds = principal_seconds
        self.calls: list[CallMade] = []
        self.denied: set[str] = set()
        self.lock = threading.RLock()
        self.known_services: dict[tuple[str, str], _Service] = {}
        self.known_repositories: dict[tuple[str, str], _Repository] = {}
        self.living: dict[str, datetime] = {}
        self.dead: set[str] = set()
        self.registry_policies: dict[str, str] = {}
        self.registry_scopes: dict[str, str] = {}
        self._default_region = default_region
        self._faults: dict[str, list[Problem]] = defaultdict(list)
        self._meanwhile: dict[str, list[Callable[[], object]]] = defaultdict(list)
        self._older: list[str | None] = []
        self._lost: set[str] = set()
        self._late_after: list[int] = []
        self._late: list[tuple[int, str]] = []
        self._request = itertools.count(1)

    def services(self, region: str) -> FakeContainerServices:
        return FakeContainerServices(self, region)

    def deployments(self, region: str) -> FakeDeployments:
        return FakeDeployments(self, region)

    def repositories(self, region: str) -> FakeRepositories:
        return FakeRepositories(self, region)

    def registry(self, region: str) -> FakeRegistry:
        return FakeRegistry(self, region)

    def identity(self) -> FakeIdentity:
        return FakeIdentity(self)

    def regions(self) -> tuple[str, ...]:
        return ("eu-central-1", "us-east-1")

    def default_region(self) -> str | None:
        return self._default_region

    def region_problem(self, region: str) -> Problem | None:
        return None

    def pull_reads(self, region: str) -> FakePullReads:
        return FakePullReads(self, region)

    def endpoint(self, service: str) -> str:
        return ""

    def probe(self, action: str, region: str, repository: str = "") -> Probe:
        if action in self.denied:
            resource = f"repository/{repository}" if repository else "*"
            return Probe(action, allowed=False, problem=Problem("aws.access_denied", action=action, resource=resource))
        return Probe(action, allowed=None if repository and action == "ecr:DeleteRepositoryPolicy" else True)

    # What tests set up.

    def clear(self) -> None:
        """Let nothing exist, nothing be wrong and nothing have been called."""
        for kept in (self.known_services, self.known_repositories, self.living, self.dead, self.calls, self.denied):
            kept.clear()
        self.registry_policies.clear()
        self.registry_scopes.clear()
        self._faults.clear()
        self._meanwhile.clear()
        self._older.clear()
        self._lost.clear()
        self._late.clear()
        self._late_after.clear()

    def add_service(self, service: ContainerService | None = None, *deployments: Deployment) -> ContainerService:
        """Let a service exist."""
        added = service or a_service()
        self.known_services[added.region, added.name] = _Service(
            added, births=int(added.role.is_active), deployments=list(deployments)
        )
        if added.role.ready:
            self.living[added.role.principal_arn] = datetime.min.replace(tzinfo=UTC)
        return added

    def remove_service(self, region: str, name: str) -> None:
        """Let a service be gone, and its role's principal with it."""
        gone = self.known_services.pop((region, name))
        self._dies(gone.shown.role.principal_arn)

    def add_repository(
        self, repository: Repository | None = None, *, policy: str | None = None, images: Iterable[ImageDetail] = ()
    ) -> Repository:
        """Let a repository exist."""
        added = repository or a_repository()
        self.known_repositories[added.region, added.name] = _Repository(added, policy, list(images))
        return added

    def fail(self, action: str, problem: Problem, *, times: int = 1) -> None:
        """Let the next calls of an action, such as `ecr:SetRepositoryPolicy`, fail before they do anything."""
        self._faults[action] += [problem] * times

    def lose_answer(self, action: str) -> None:
        """Let the next change of this kind be done, and its answer never arrive."""
        self._lost.add(action)

    def carry_out_late(self, reads: int) -> None:
        """Let the next write of a policy go unanswered, and take effect right before the policy is read so many times.

        Called again: the write after that one.
        """
        self._late_after.append(reads)

    def meanwhile(self, action: str, do: Callable[[], object]) -> None:
        """Let something happen just before the next call of an action: a foreign write, a crash."""
        self._meanwhile[action].append(do)

    def tell_older(self, *texts: str | None) -> None:
        """Let the next reads of a policy return these texts, whatever the policy is."""
        self._older += texts

    def policy_of(self, name: str, region: str = REGION) -> Any:
        """Return the current policy, parsed; None if there is none."""
        text = self.known_repositories[region, name].policy
        return None if text is None else json.loads(text)

    # What the ports share.

    def called(self, action: str, region: str) -> str:
        """Count a call, let what was set up happen, and give a request id. The lock is held."""
        service, _, operation = action.partition(":")
        self.calls.append(CallMade(service, operation, region))
        if self._meanwhile[action]:
            self._meanwhile[action].pop(0)()
        if self._faults[action]:
            raise Problem.from_json(self._faults[action].pop(0).to_json())
        if action in self.denied:
            raise Problem("aws.access_denied", action=action, resource="*", region=region)
        return f"request-{next(self._request)}"

    def answer(self, action: str, value: T, request_id: str, region: str) -> Answered[T]:
        """What a change answers, unless its answer is lost."""
        if action in self._lost:
            self._lost.remove(action)
            raise Problem("aws.slow", retryable=True, effect_unknown=True, action=action, region=region)
        return Answered(value, request_id)

    def switch(self, known: _Service, *, active: bool) -> None:
        """Begin what UpdateContainerService begins."""
        known.births += active and not known.shown.role.is_active
        arn = puller_arn(known.shown.name, known.shown.region, birth=known.births) if active else ""
        settles_at = self.clock.now() + timedelta(seconds=self.activation_seconds)
        if active:
            self.living.setdefault(arn, settles_at + timedelta(seconds=self.principal_seconds))
        elif known.shown.role.principal_arn:
            self._dies(known.shown.role.principal_arn)
        known.becomes = replace(known.shown, role=Role(is_active=active, principal_arn=arn))
        shown_arn = arn if known.shown.role.principal_arn == arn else ""
        known.shown = replace(known.shown, state="UPDATING", role=Role(is_active=active, principal_arn=shown_arn))
        known.settles_at = settles_at

    def as_seen_now(self, known: _Service) -> ContainerService:
        """Return the service as AWS would return it now."""
        if known.becomes is not None and known.settles_at is not None and self.clock.now() >= known.settles_at:
            known.shown, known.becomes, known.settles_at = known.becomes, None, None
        return known.deployed.shown_in(known.shown, self.clock.now())

    def accept_late(self, text: str) -> None:
        """Leave a write for later, where that was set up: it raises as an answer that never came."""
        if self._late_after:
            self._late.append((self._late_after.pop(0), text))
            raise Problem("aws.slow", retryable=True, effect_unknown=True, action="ecr:SetRepositoryPolicy")

    def as_read_now(self, known: _Repository) -> str | None:
        """Return the policy as ECR would return it now."""
        waiting, self._late = self._late, []
        for reads, text in waiting:
            if reads > 1:
                self._late.append((reads - 1, text))
            else:
                known.policy = text
        return self._older.pop(0) if self._older else known.policy

    def knows(self, principal: str) -> bool:
        """Whether ECR would find this principal now."""
        if ":role/amazon/lightsail/" in principal and "private-repo-access" in principal:
            return principal in self.living and self.clock.now() >= self.living[principal]
        return principal not in self.dead and not principal.startswith(("AROA", "AIDA"))

    def _dies(self, principal: str) -> None:
        self.living.pop(principal, None)
        self.dead.add(principal)


@dataclass(frozen=True)
class FakeContainerServices:
    aws: FakeAws
    region: str

    def list_services(self) -> Answered[tuple[ContainerService, ...]]:
        with self.aws.lock:
            request_id = self.aws.called("lightsail:GetContainerServices", self.region)
            here = [known for (region, _), known in self.aws.known_services.items() if region == self.region]
            services = sorted(map(self.aws.as_seen_now, here), key=lambda service: service.name)
            return Answered(tuple(services), request_id)

    def get_service(self, name: str) -> Answered[ContainerService]:
        with self.aws.lock:
            request_id = self.aws.called("lightsail:GetContainerServices", self.region)
            return Answered(self.aws.as_seen_now(self._known(name)), request_id)

    def set_role_active(self, name: str, *, active: bool) -> Answered[ContainerService]:
        with self.aws.lock:
            request_id = self.aws.called("lightsail:UpdateContainerService", self.region)
            known = self._known(name)
            state = self.aws.as_seen_now(known).state
            if state not in {"READY", "RUNNING", "DISABLED"}:
                raise Problem("service.busy", retryable=True, service=name, region=self.region, state=state)
            self.aws.switch(known, active=active)
            return self.aws.answer("lightsail:UpdateContainerService", known.shown, request_id, self.region)

    def list_deployments(self, name: str) -> Answered[tuple[Deployment, ...]]:
        with self.aws.lock:
            request_id = self.aws.called("lightsail:GetContainerServiceDeployments", self.region)
            known = self._known(name)
            deployed = known.deployed.described(self.aws.clock.now())
            newest_first = sorted([*known.deployments, *deployed], key=lambda one: one.version, reverse=True)
            return Answered(tuple(newest_first), request_id)

    def _known(self, name: str) -> _Service:
        known = self.aws.known_services.get((self.region, name))
        if known is None:
            raise Problem("service.not_found", service=name, region=self.region)
        return known


@dataclass(frozen=True)
class FakeRepositories:
    aws: FakeAws
    region: str

    def list_repositories(self) -> Answered[tuple[Repository, ...]]:
        with self.aws.lock:
            request_id = self.aws.called("ecr:DescribeRepositories", self.region)
            here = [known.shown for (region, _), known in self.aws.known_repositories.items() if region == self.region]
            return Answered(tuple(sorted(here, key=lambda one: one.name)), request_id)

    def get_repository(self, name: str) -> Answered[Repository]:
        with self.aws.lock:
            request_id = self.aws.called("ecr:DescribeRepositories", self.region)
            return Answered(self._known(name).shown, request_id)

    def get_policy(self, name: str) -> Answered[str | None]:
        with self.aws.lock:
            request_id = self.aws.called("ecr:GetRepositoryPolicy", self.region)
            return Answered(self.aws.as_read_now(self._known(name)), request_id)

    def set_policy(self, name: str, text: str) -> Answered[str]:
        with self.aws.lock:
            request_id = self.aws.called("ecr:SetRepositoryPolicy", self.region)
            known = self._known(name)
            written = self._as_ecr_takes_it(name, text)
            self.aws.accept_late(written)
            known.policy = written
            return self.aws.answer("ecr:SetRepositoryPolicy", known.policy, request_id, self.region)

    def delete_policy(self, name: str) -> Answered[str | None]:
        with self.aws.lock:
            request_id = self.aws.called("ecr:DeleteRepositoryPolicy", self.region)
            known = self._known(name)
            deleted, known.policy = known.policy, None
            return self.aws.answer("ecr:DeleteRepositoryPolicy", deleted, request_id, self.region)

    def _known(self, name: str) -> _Repository:
        known = self.aws.known_repositories.get((self.region, name))
        if known is None:
            raise Problem("repository.not_found", repository=name, region=self.region)
        return known

    def _as_ecr_takes_it(self, name: str, text: str) -> str:
        """Return the text formatted as ECR does, so that comparing texts fails; refuse what ECR refuses."""
        where: dict[str, Any] = {"repository": name, "region": self.region}
        if len(text) > 10_240:
            raise Problem("policy.too_long", characters=len(text), over=len(text) - 10_240, limit=10_240, **where)
        try:
            document = json.loads(text)
            statements = document["Statement"]
        except (ValueError, KeyError, TypeError) as error:
            raise Problem("policy.refused", **where) from error
        listed = statements if isinstance(statements, list) else [statements]
        if not all(self.aws.knows(principal) for one in listed for principal in _named(one)):
            raise Problem("policy.principal_not_found", retryable=True, **where)
        return json.dumps(document, indent=2, separators=(",", " : "))


@dataclass(frozen=True)
class FakeRegistry:
    aws: FakeAws
    region: str

    def get_policy(self) -> Answered[str | None]:
        with self.aws.lock:
            request_id = self.aws.called("ecr:GetRegistryPolicy", self.region)
            return Answered(self.aws.registry_policies.get(self.region), request_id)

    def get_policy_scope(self) -> Answered[str]:
        with self.aws.lock:
            request_id = self.aws.called("ecr:GetAccountSetting", self.region)
            return Answered(self.aws.registry_scopes.get(self.region, "V2"), request_id)


@dataclass(frozen=True)
class FakeIdentity:
    aws: FakeAws

    def caller(self) -> Answered[CallerIdentity]:
        with self.aws.lock:
            request_id = self.aws.called("sts:GetCallerIdentity", self.aws.default_region() or REGION)
            return Answered(CallerIdentity(self.aws.account, f"arn:aws:iam::{self.aws.account}:user/mika"), request_id)


def _named(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal", {})
    named = principal.get("AWS", []) if isinstance(principal, dict) else []
    return named if isinstance(named, list) else [named]
