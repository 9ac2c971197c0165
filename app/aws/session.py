"""One connection: an AWS account as its credentials reach it. Neither keeps nor shows a credential itself."""

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
    """Implements `ports.Aws` with the SDK. Thread-safe; all calls block.

    Args:
        settings: how the account is reached; for empty values, AWS's own variables and files apply.
        on_call: called for every call, for benchmarks and tests.
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
        """Return the port to a region's container services."""
        return LightsailContainerServices(self._clients, region)

    def deployments(self, region: str) -> LightsailDeployments:
        """Return the port to deployments of a region's container services."""
        return LightsailDeployments(self._clients, region)

    def repositories(self, region: str) -> EcrRepositories:
        """Return the port to a region's repositories."""
        return EcrRepositories(self._clients, region)

    def registry(self, region: str) -> EcrRegistry:
        """Return the port to a region's registry."""
        return EcrRegistry(self._clients, region)

    def identity(self) -> StsIdentity:
        """Return the port to the caller identity."""
        return StsIdentity(self._clients)

    def pull_reads(self, region: str) -> BotoPullReads:
        """Return the port to what else decides on a pull."""
        return BotoPullReads(self._clients, region)

    def regions(self) -> tuple[str, ...]:
        """Return every region that has Lightsail, according to the SDK."""
        return self._clients.regions("lightsail")

    def default_region(self) -> str | None:
        """Return the region of profile and environment; `AWS_REGION` wins over `AWS_DEFAULT_REGION`."""
        return self._clients.default_region()

    def region_problem(self, region: str) -> Problem | None:
        """Return why a region cannot be used, according to the SDK's data; None if Lightsail is offered there."""
        return self._clients.region_problem(region)

    def endpoint(self, service: str) -> str:
        """Return the endpoint URL in the settings for a service, "" for AWS's own."""
        return self._clients.endpoint(service)

    def credential_source(self, region: str) -> CredentialSource:
        """Return where the credentials come from, without any of them. Raises Problem if there are none."""
        return self._clients.credential_source(region)

    def probe(self, action: str, region: str, repository: str = "") -> Probe:
        """Try one AWS action without effect: see `app.aws.probe`."""
        return probe(self._clients, action, region, repository)
