"""The table of the register check: histories, and what their clients requested. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from campaign.register import Checked

HEADER = ("what clients did", "number")
KINDS = {
    "grant": "grants requested",
    "revoke": "revokes requested",
    "activate": "activations requested",
    "deactivate": "deactivations requested",
}


@dataclass
class Registers:
    """Fed with histories as they end."""

    histories: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    anomalous: list[int] = field(default_factory=list)

    def add(self, checked: Checked) -> None:
        self.histories += 1
        self.counts.update(checked.counts)
        if checked.anomalies:
            self.anomalous.append(checked.seed)

    def rows(self) -> list[tuple[str, str]]:
        return [
            HEADER,
            ("histories", f"{self.histories:,}"),
            *((words, f"{self.counts[kind]:,}") for kind, words in KINDS.items()),
            ("of them refused since the opposite was under way", f"{self.counts['refused']:,}"),
            ("of them joined to an operation under way", f"{self.counts['joined']:,}"),
            ("cancels", f"{self.counts['cancel']:,}"),
            ("histories with a foreign writer", f"{self.counts['foreign']:,}"),
            ("registers judged", f"{self.counts['registers']:,}"),
            ("histories with an anomaly", f"{len(self.anomalous):,}"),
        ]
