"""Which AWS calls a grant makes, from the click on Add to its end: all that the sandbox was asked meanwhile."""

from __future__ import annotations

from typing import Any

from benchmarks.browser import Browser
from benchmarks.figures import Figure, Report
from benchmarks.starting import console_on_sandbox, services_by_role, start_grant, until_ended
from tests.console import RunningConsole

POLL = "lightsail:GetContainerServices"


def run() -> Report:
    with console_on_sandbox({"seed": "demo", "activation_seconds": 6, "principal_seconds": 0}) as console:
        active = calls_of_a_grant(console, "storefront-web", "tools/cli")
        assert "payments-api" in services_by_role(console.sandbox, active=False)  # noqa: S101  (what is measured)
        inactive = calls_of_a_grant(console, "payments-api", "payments/api")
    # While it waits, the region's services are listed; the one by name before the switch is not such a poll.
    polls = [each for each in inactive if each["action"] == POLL and "serviceName" not in each["params"]]
    beyond = len(inactive) - len(polls)
    figures = [
        Figure("AWS calls of a grant, role active", len(active), "calls", at_most=5),
        Figure("AWS calls of a grant, role inactive, beyond the wait's polls", beyond, "calls", at_most=6),
        Figure("polls while the role was activated for 6 s", len(polls), "calls"),
    ]
    lines = [
        f"role active: {', '.join(_names(active))}",
        f"role inactive: {', '.join(_names([each for each in inactive if each not in polls]))}",
    ]
    return Report(figures, lines, {"active": _names(active), "inactive": _names(inactive)})


def calls_of_a_grant(console: RunningConsole, service: str, repository: str) -> list[dict[str, Any]]:
    """The calls that the sandbox logged from the click until the operation had ended."""
    console.sandbox.clear_calls()
    browser = Browser(console.url)
    ended = until_ended(console, start_grant(console, browser, service, repository))
    if ended["outcome"] != "succeeded":
        raise RuntimeError(f"the grant of {repository} to {service} ended as {ended['outcome']}: {ended['ending']}")
    browser.close()
    return console.sandbox.calls()


def _names(calls: list[dict[str, Any]]) -> list[str]:
    return [each["action"] for each in calls]
