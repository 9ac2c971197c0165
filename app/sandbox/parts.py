"""The parts of a running sandbox, shared by the AWS API and the control route."""

from __future__ import annotations

from app.sandbox.calls import CallLog
from app.sandbox.clock import Clock
from app.sandbox.faults import Faults
from app.sandbox.options import SandboxOptions
from app.sandbox.rate import Buckets
from app.sandbox.seed import plant
from app.sandbox.snapshot import Snapshots
from app.sandbox.state import World


class Parts:
    """The state, the active faults, the log of calls and the files behind them."""

    def __init__(self, options: SandboxOptions, clock: Clock) -> None:
        self.world = World(options, clock)
        self.faults = Faults()
        self.calls = CallLog()
        self.buckets = Buckets()
        self.snapshots = Snapshots(options.state_file, self.world)
        if not self.snapshots.load():
            self.reset(options.seed, options.repositories, options.services)
        for text in options.faults:
            self.faults.add_text(text)

    def reset(self, seed: str, repositories: int, services: int) -> None:
        """Reset everything: the seed's data, no faults, no calls logged."""
        self.world.clear()
        self.faults.remove()
        self.calls.clear()
        self.buckets.clear()
        plant(self.world, seed, repositories, services)
