"""One connection: an AWS account as its credentials reach it. Must never keep or show a credential itself."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.aws.clients import Clients, ConnectionSettings, OnCall
from app.aws.credentials import CredentialSource
from app.aws.deployments import LightsailDeployments
from app.aws.ecr import EcrRepositories
from app.aws.lightsail import LightsailContainerServices
from app.aws.ports import Probe
from app.aws.probe import probe
from app.aws.pull_reads import BotoPullReads
from app.aws.registry import EcrRegistry
from app.aws.sts import StsIdentity
from app.errors import Problem


class BotoAws:
    """`ports.Aws` over the SDK. Safe in threads; all calls block.

    Args:
        settings: how the account is reached; AWS's own variables and files where they say nothing.
        on_call: told of every call as it is made, for benchmarks and tests.
        monotonic: seconds, never set back.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        on_call: OnCall | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clients = Clients(settings, on_call, monotonic)

    def services(self, region: str) -> LightsailContainerServices:
        """The port to a region's container services."""
        return LightsailContainerServices(self._clients, region)

    def deployments(self, region: str) -> LightsailDeployments:
        """The port to deployments of a region's container services."""
        return LightsailDeployments(self._clients, region)

    def repositories(self, region: str) -> EcrRepositories:
        """The port to a region's repositories."""
        return EcrRepositories(self._clients, region)

    def registry(self, region: str) -> EcrRegistry:
        """The port to a region's registry."""
        return EcrRegistry(self._clients, region)

    def identity(self) -> StsIdentity:
        """The port to who we are."""
        return StsIdentity(self._clients)

    def pull_reads(self, region: str) -> BotoPullReads:
        """The port to what decides on a pull beside services and repositories."""
        return BotoPullReads(self._clients, region)

    def regions(self) -> tuple[str, ...]:
        """Every region that has Lightsail, as the SDK knows them."""
        return self._clients.regions("lightsail")

    def default_region(self) -> str | None:
        """The region of profile and environment; `AWS_REGION` goes before `AWS_DEFAULT_REGION`."""
        return self._clients.default_region()

    def region_problem(self, region: str) -> Problem | None:
        """Why nothing can be looked for in a region, by the SDK's data; None where Lightsail is offered."""
        return self._clients.region_problem(region)

    def endpoint(self, service: str) -> str:
        """The address that the settings name in place of AWS's own for a service, "" for none."""
        return self._clients.endpoint(service)

    def credential_source(self, region: str) -> CredentialSource:
        """Where the credentials come from, without any of them. Raises Problem where there are none."""
        return self._clients.credential_source(region)

    def probe(self, action: str, region: str, repository: str = "") -> Probe:
        """Try one AWS action harmlessly: see `app.aws.probe`."""
        return probe(self._clients, action, region, repository)
