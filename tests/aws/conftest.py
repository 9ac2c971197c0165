"""Two implementations of the same ports: the fakes, and the real adapters on the sandbox."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.aws.clients import CallMade, ConnectionSettings
from app.aws.session import BotoAws
from tests.build import LONG_AGO, REGION, a_deployment, a_repository, a_service, an_image
from tests.fake_clock import FakeClock
from tests.fakes import FakeAws
from tests.sandbox_server import ACCOUNT, RunningSandbox, start_sandbox

ACTIVATION = 60


class FakeWorld:
    """The fakes."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.aws = FakeAws(self.clock, activation_seconds=ACTIVATION, principal_seconds=ACTIVATION)
        self.account = self.aws.account

    def has_service(self, name: str, *, deployments: int = 0) -> None:
        self.aws.add_service(a_service(name), *(a_deployment(1 + number) for number in range(deployments)))

    def has_repository(self, name: str, *, tags: tuple[str, ...] = ()) -> None:
        later = enumerate(tags)
        images = [an_image(tag, pushed_at=LONG_AGO + timedelta(hours=number)) for number, tag in later]
        self.aws.add_repository(a_repository(name), images=images)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)


class SandboxWorld:
    """The adapters, over the wire."""

    account = ACCOUNT

    def __init__(self, sandbox: RunningSandbox, aws: BotoAws, raw: Callable[[str], Any]) -> None:
        self.sandbox = sandbox
        self.aws = aws
        self.raw = raw

    def has_service(self, name: str, *, deployments: int = 0) -> None:
        lightsail = self.raw("lightsail")
        lightsail.create_container_service(serviceName=name, power="nano", scale=1)
        self.pass_time(ACTIVATION)
        for _ in range(deployments):
            lightsail.create_container_service_deployment(
                serviceName=name, containers={"web": {"image": "nginx:1.27", "ports": {"80": "HTTP"}}}
            )
            self.pass_time(ACTIVATION)

    def has_repository(self, name: str, *, tags: tuple[str, ...] = ()) -> None:
        self.raw("ecr").create_repository(repositoryName=name)
        for tag in tags:
            self.sandbox.add_image(name, tags=[tag])
            self.pass_time(60)

    def pass_time(self, seconds: float) -> None:
        self.sandbox.advance(seconds)


def connected(sandbox: RunningSandbox, account: str = ACCOUNT, on_call: Any = None) -> BotoAws:
    """The adapters on a sandbox, as an account."""
    keys = {"access_key": f"AKID{account}", "secret_key": "sandbox"}
    return BotoAws(ConnectionSettings("1.2.3", endpoint_url=sandbox.url, **keys), on_call)


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[RunningSandbox]:
    slow = {"activation_seconds": ACTIVATION / 2, "principal_seconds": ACTIVATION}
    with start_sandbox(seed="empty", deployment_seconds=1, **slow) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox) -> RunningSandbox:
    running_sandbox.reset("empty")
    return running_sandbox


@pytest.fixture(scope="session")
def raw(running_sandbox) -> Callable[[str], Any]:
    """boto3's own clients on the sandbox, made once, to set things up with."""
    return functools.cache(running_sandbox.client)


@pytest.fixture(scope="session")
def every_call() -> list[CallMade]:
    return []


@pytest.fixture(scope="session")
def connection(running_sandbox, every_call) -> BotoAws:
    return connected(running_sandbox, on_call=every_call.append)


@pytest.fixture
def calls_made(every_call) -> list[CallMade]:
    every_call.clear()
    return every_call


@pytest.fixture
def aws(sandbox, connection, calls_made) -> BotoAws:
    """The adapters alone; what they call is in `calls_made`."""
    return connection


@pytest.fixture(params=["fake", "sandbox"])
def world(request) -> FakeWorld | SandboxWorld:
    if request.param == "fake":
        return FakeWorld()
    return SandboxWorld(*(request.getfixturevalue(name) for name in ("sandbox", "aws", "raw")))


@pytest.fixture
def services(world):
    return world.aws.services(REGION)


@pytest.fixture
def repositories(world):
    return world.aws.repositories(REGION)
