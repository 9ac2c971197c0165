"""How long each part of `app.policy` takes on the texts that are hardest for it, as long as ECR allows."""

from __future__ import annotations

from benchmarks.figures import Figure, Report
from tests.policy.hostile import HOSTILE
from tests.policy.work import ECR_LIMIT, SECONDS, WORK, pair, seconds

TIMES = 12  # the least of so many counts


def run() -> Report:
    took = {
        (name, label): seconds(work, *pair(name, ECR_LIMIT), times=TIMES)
        for name in HOSTILE
        for label, work in WORK.items()
    }
    slowest = sorted(took, key=lambda each: took[each], reverse=True)[:5]
    figure = Figure(
        f"slowest of {len(took)} on hostile policies of {ECR_LIMIT:,} characters",
        1000 * took[slowest[0]],
        "ms",
        at_most=1000 * SECONDS,
    )
    return Report([figure], [f"{1000 * took[each]:.1f} ms: {each[1]}, {each[0]}" for each in slowest])
