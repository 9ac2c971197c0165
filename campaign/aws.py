"""The sandbox for a campaign: in a thread of this process, each run in a region of its own, with more to go wrong.

Everything that looks at or changes its world runs on its own loop, between two calls.
"""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, TypeVar

import uvicorn

from app.sandbox import ids
from app.sandbox.call import DEFAULT_ACCOUNT, Call
from app.sandbox.clock import Clock
from app.sandbox.faults import Fault, Faults
from app.sandbox.foreign import write_text
from app.sandbox.manifests import make_image
from app.sandbox.options import SandboxOptions
from app.sandbox.policy_text import Policy, rewritten, statements
from app.sandbox.run import bind, url_of
from app.sandbox.server import Sandbox, create_sandbox
from app.sandbox.state import Deployment, Puller, Repository, Service, Transition
from app.sandbox.transport import DroppableProtocol
from campaign.scenario import Happening, Scenario, foreign

T = TypeVar("T")
ACTIVATION, SPREAD = 6.0, 2.0
RUDE = 90  # the number of a rude writer's statement


class Meddling(Faults):
    """The sandbox's faults, and what a scenario lets happen besides. `stale` are the reads that told an older text."""

    def __init__(self, meddle: Callable[[Call], None]) -> None:
        super().__init__()
        self._meddle = meddle
        self.stale: list[Call] = []

    def hitting(self, call: Call) -> list[Fault]:
        self._meddle(call)
        hit = super().hitting(call)
        if any(rule.kind == "stale_read" for rule in hit):
            self.stale.append(call)
        return hit


# The value of a variable, which nothing of ours may keep.
SECRET = "campaign-canary-41c7"  # noqa: S105  (nothing that opens anything)


@dataclass
class Stage:
    """A region made ready for one scenario, and what is counted of it."""

    region: str
    scenario: Scenario
    since: int
    arns: dict[str, str]
    seen: dict[int, int] = field(default_factory=dict)


class CampaignSandbox:
    """A running sandbox at `url`."""

    def __init__(self, sandbox: Sandbox, url: str, loop: asyncio.AbstractEventLoop) -> None:
        self.url = url
        self._loop = loop
        self._parts = sandbox.parts
        self._world = sandbox.world
        self._stages: dict[str, Stage] = {}
        self._faults = self._parts.faults = Meddling(self._meddle)

    def set_up(self, scenario: Scenario, region: str) -> Stage:
        """Let what a scenario begins with exist in a region, and nothing else; its faults are in force from now on."""
        return self._between_calls(lambda: self._set_up(scenario, region))

    def calm(self, stage: Stage) -> None:
        """From now on nothing goes wrong in this region."""
        self._between_calls(lambda: self._calm(stage))

    def evidence(self, stage: Stage) -> dict[str, Any]:
        """What the sandbox knows of a region: every write of every policy, every call, whose ARN is whose."""
        return self._between_calls(lambda: self._evidence(stage))

    def _between_calls(self, do: Callable[[], T]) -> T:
        async def doing() -> T:
            return do()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(30)

    def _set_up(self, scenario: Scenario, region: str) -> Stage:
        world = self._world
        world.homes.pop((DEFAULT_ACCOUNT, region), None)
        home = world.home(DEFAULT_ACCOUNT, region)
        since = self._parts.calls.calls[-1]["sequence"] if self._parts.calls.calls else 0
        stage = Stage(region, scenario, since, {})
        for each in scenario.services:
            service = self._service(stage, each.name, each.role)
            if scenario.deployed:
                service.deployments.append(first_deployment(world.clock.now()))
            home.services[each.name] = service
        for wanted in scenario.repositories:
            repository = Repository(wanted.name, DEFAULT_ACCOUNT, region, round(world.clock.now(), 3), images=[])
            if wanted.policy is not None:
                text = json.dumps(wanted.policy)
                for placeholder, arn in stage.arns.items():
                    text = text.replace(f"{{{placeholder}}}", arn)
                repository.policy = Policy(rewritten(json.loads(text)))
            if scenario.deployed:
                repository.images = [make_image(wanted.name, 1, ["2.0"], 50_000_000, world.clock.now())]
            home.add_repository(repository)
        for rule in scenario.faults:
            self._parts.faults.add({**rule, "match": {"region": region}})
        self._stages[region] = stage
        return stage

    def _service(self, stage: Stage, name: str, role: str) -> Service:
        """Ids and ARNs come from the scenario's name, so that each run has its own."""
        world, region, nonce = self._world, stage.region, stage.scenario.name
        now = world.clock.now()
        service = Service(
            name,
            DEFAULT_ACCOUNT,
            region,
            id=ids.uuid_of("campaign", region, name, nonce, now),
            created_at=round(now, 3),
            power="nano",
            scale=1,
            role_arn=ids.service_role_arn(DEFAULT_ACCOUNT, region, name, f"{nonce} {now}"),
            puller=None if role == "older" else Puller(),
        )
        world.principals.born(service.role_arn, -math.inf)
        stage.arns[f"{name}.general"] = service.role_arn
        roles = {"active": 1, "renewed": 2}.get(role, 0)
        for number in range(1, roles + 1):
            arn = ids.puller_role_arn(DEFAULT_ACCOUNT, region, name, f"{service.id} {number}")
            world.principals.born(arn, -math.inf)
            service.puller, service.roles_made = Puller(is_active=True, arn=arn, shown_from=-math.inf), number
            if number < roles:
                world.principals.dies(arn, now - 1)
                stage.arns[f"{name}.former"] = arn
            else:
                stage.arns[name] = arn
        return service

    def _calm(self, stage: Stage) -> None:
        faults = self._parts.faults
        faults.rules = [rule for rule in faults.rules if rule.match.get("region") != stage.region]
        self._stages.pop(stage.region, None)

    def _meddle(self, call: Call) -> None:
        stage = self._stages.get(call.region)
        if stage is None:
            return
        for number, happening in enumerate(stage.scenario.happenings):
            if fnmatchcase(call.action, happening.action):
                stage.seen[number] = stage.seen.get(number, 0) + 1
                if stage.seen[number] == happening.call:
                    self._happen(stage, happening)

    def _happen(self, stage: Stage, happening: Happening) -> None:
        home, now = self._world.home(DEFAULT_ACCOUNT, stage.region), self._world.clock.now()
        if happening.what == "updating":
            for service in home.services.values():
                if service.transition is None or service.transition.until < now:
                    service.transition = Transition("UPDATING", now + happening.seconds)
            return
        for repository in home.repositories.values():
            before = repository.before.document if repository.before else None
            kept = statements(before) if before else []
            document = {"Version": "2012-10-17", "Statement": [*kept, foreign(RUDE)]}
            write_text(self._world, repository, json.dumps(document))

    def _evidence(self, stage: Stage) -> dict[str, Any]:
        home = self._world.home(DEFAULT_ACCOUNT, stage.region)
        calls = [each for each in self._parts.calls.since(stage.since) if each["region"] == stage.region]
        stale = [each for each in self._faults.stale if each.region == stage.region]
        self._faults.stale = [each for each in self._faults.stale if each.region != stage.region]
        return {
            "calls": calls,
            "stale": [each.request_id for each in stale],
            "repositories": {
                name: {
                    "first": _first(stage.scenario, name, stage.arns),
                    "now": each.policy and each.policy.document,
                    "revisions": [{"at": one.at, "by": one.by, "document": one.document} for one in each.revisions],
                }
                for name, each in home.repositories.items()
            },
            "services": {
                name: {
                    "arn": each.puller.arn if each.puller and each.puller.is_active else "",
                    "general": each.role_arn,
                    "every": [
                        ids.puller_role_arn(DEFAULT_ACCOUNT, stage.region, name, f"{each.id} {number}")
                        for number in range(1, each.roles_made + 1)
                    ],
                    "deployed": [one.containers for one in each.deployments],
                }
                for name, each in home.services.items()
            },
        }


def first_deployment(now: float) -> Deployment:
    """What a service runs at first: two containers, of which one keeps a secret in a variable."""
    containers = {
        "app": {"image": "nginx:1.27", "environment": {"PASSWORD": SECRET}, "ports": {"80": "HTTP"}},
        "helper": {"image": "busybox:1.36", "environment": {"TOKEN": SECRET}},
    }
    return Deployment(1, round(now - 600, 3), now - 500, containers, None, starts_at=now - 600)


def _first(scenario: Scenario, name: str, arns: dict[str, str]) -> dict[str, Any] | None:
    policy = next(each.policy for each in scenario.repositories if each.name == name)
    text = json.dumps(policy)
    for placeholder, arn in arns.items():
        text = text.replace(f"{{{placeholder}}}", arn)
    found: dict[str, Any] | None = json.loads(text)
    return found


@contextmanager
def campaign_sandbox(clock: Clock) -> Iterator[CampaignSandbox]:
    """A sandbox that serves from a thread of its own while the block runs."""
    options = SandboxOptions(seed="empty", activation_seconds=ACTIVATION, principal_seconds=SPREAD)
    sandbox = create_sandbox(options, clock)
    listener = bind("127.0.0.1", 0)
    config = uvicorn.Config(
        sandbox, http=DroppableProtocol, ws="none", lifespan="off", log_config=None, log_level="error", access_log=False
    )
    server = uvicorn.Server(config)
    ready = threading.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        ready.set()
        await server.serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="sandbox", daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield CampaignSandbox(sandbox, url_of(listener), loops[0])
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
