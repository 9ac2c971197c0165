"""The sandbox's options, set by flags at its start and through its control route while it runs.

Values only: this module reads no environment and no file.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.sandbox.errors import SandboxError

SEEDS = ("demo", "empty", "large")
LOG_FORMATS = ("none", "text", "json")
SECONDS = (
    "activation_seconds",
    "arn_lag_seconds",
    "principal_seconds",
    "deployment_seconds",
    "pull_seconds",
    "patience_seconds",
    "restore_seconds",
)
CHANGEABLE = (*SECONDS, "latency_ms", "rate_limit", "setup_regions")


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How the sandbox behaves. Times are seconds unless the name says otherwise.

    Args:
        activation_seconds: how long a service stays PENDING, UPDATING or DELETING, and so how long a role takes.
        arn_lag_seconds: how long after that the image puller's ARN is still `""`.
        principal_seconds: how long ECR refuses a new principal after its ARN has appeared.
        deployment_seconds: how long a deployment is ACTIVATING that runs, or whose images cannot be pulled.
        pull_seconds: how long after its start a deployment pulls its images.
        patience_seconds: how long after its start Lightsail gives up on a deployment that does not get healthy.
        restore_seconds: how long an archived image is ACTIVATING when it is restored.
        rate_limit: requests a second for each account, region and service; None for no limit.
        shuffle_seed: makes the order of principals in policies repeatable; None for a new order each run.
        setup_regions: regions that answer RegionSetupInProgressException to Lightsail's calls.
        faults: faults active from the start, each a JSON object as the control route takes it.
        state_file: where the state is stored between runs; None keeps it only in memory.
        exit_with_parent: end when the standard input ends.
    """

    host: str = "127.0.0.1"
    port: int = 4570
    seed: str = "demo"
    repositories: int = 100_000
    services: int = 20
    activation_seconds: float = 6.0
    arn_lag_seconds: float = 0.0
    principal_seconds: float = 1.0
    deployment_seconds: float = 8.0
    pull_seconds: float = 0.0
    patience_seconds: float = 20.0
    restore_seconds: float = 20.0
    latency_ms: float = 0.0
    rate_limit: float | None = None
    shuffle_seed: int | None = None
    setup_regions: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    state_file: Path | None = None
    exit_with_parent: bool = False
    log_format: str = "none"

    def __post_init__(self) -> None:
        if self.seed not in SEEDS:
            raise SandboxError(f"The sandbox's seed is one of {', '.join(SEEDS)}; it cannot be {self.seed!r}.")
        if self.log_format not in LOG_FORMATS:
            raise SandboxError(f"The log format is one of {', '.join(LOG_FORMATS)}; it cannot be {self.log_format!r}.")
        for name in (*SECONDS, "latency_ms", "repositories", "services"):
            value = getattr(self, name)
            if not _is_number(value) or value < 0:
                raise SandboxError(f"{name} is a number, 0 or more; it cannot be {value!r}.")
        limit = self.rate_limit
        if limit is not None and (not _is_number(limit) or limit <= 0):
            raise SandboxError(f"rate_limit is a number above 0, or nothing for no limit; it cannot be {limit!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def changed(options: SandboxOptions, changes: Mapping[str, Any]) -> SandboxOptions:
    """Return the options with these changes; raises SandboxError for an invalid name or value."""
    unknown = sorted(set(changes) - set(CHANGEABLE))
    if unknown:
        raise SandboxError(f"Not an option that can change: {', '.join(unknown)}. These can: {', '.join(CHANGEABLE)}.")
    values = dict(changes)
    if "setup_regions" in values:
        values["setup_regions"] = tuple(values["setup_regions"])
    return dataclasses.replace(options, **values)


def shown(options: SandboxOptions) -> dict[str, Any]:
    """Return the options as plain JSON values."""
    values = dataclasses.asdict(options)
    values["state_file"] = str(options.state_file) if options.state_file else None
    values.update(setup_regions=list(options.setup_regions), faults=list(options.faults))
    return values
