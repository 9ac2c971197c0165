"""How long the console takes for the Images tab and for a poll of progress, as a client on this machine sees it.

Nothing is taken off: client, loopback and compression are in the figures.
"""

from __future__ import annotations

import time

from app.console.operation_versions import PAUSE
from benchmarks.browser import Browser, Got
from benchmarks.figures import Figure, Report, median
from benchmarks.starting import REGION, console_on_sandbox, operation, repositories, start_grant, until_waiting
from tests.console import RunningConsole, until

REPOSITORIES, GRANTED = 200, 20
REQUESTS = 200


def run() -> Report:
    # The large seed grants a third of the repositories to three services in turn: a few more than wanted.
    options = {"seed": "large", "repositories": REPOSITORIES, "services": 4, "activation_seconds": 3600}
    with console_on_sandbox(options) as console:
        service = _grant_exactly(console)
        browser = Browser(console.url)
        page = f"/containers/{REGION}/{service}/images"
        until(lambda: browser.get(page).text.count("Remove "), lambda shown: shown >= GRANTED)
        pages = _ask(browser, page, REQUESTS)
        unchanged, changed = _polls(console, browser)
        browser.close()
    return Report(
        [
            Figure(
                f"Images, {REPOSITORIES} repositories, {GRANTED} granted: median of {REQUESTS}",
                _ms(pages),
                "ms",
                at_most=50,
            ),
            Figure(
                "Images, slowest of a hundred", 1000 * sorted(each.seconds for each in pages)[-REQUESTS // 100], "ms"
            ),
            Figure("progress poll, nothing new (204): median", _ms(unchanged), "ms", at_most=10),
            Figure("progress poll, a new picture: median", _ms(changed), "ms", at_most=10),
        ],
        details={"images_ms": [round(1000 * each.seconds, 2) for each in pages]},
    )


def _ms(got: list[Got]) -> float:
    return 1000 * median(each.seconds for each in got)


def _grant_exactly(console: RunningConsole) -> str:
    """Take the first service's access away from all but so many repositories; its name."""
    arn = console.sandbox.service("service-000")["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]
    every = console.sandbox.control("GET", "policies?limit=1000")["policies"]
    granted = [each["repository"] for each in every if arn in str(each["policy"])]
    for repository in granted[GRANTED:]:
        console.sandbox.put_policy(repository, None)
    if len(granted) < GRANTED:
        raise RuntimeError(f"too few are granted to begin with: {len(granted)}")
    return "service-000"


def _ask(browser: Browser, path: str, times: int, *, status: int = 200, htmx: bool = False) -> list[Got]:
    got = []
    for _ in range(times):
        got.append(browser.get(path, htmx=htmx))
        if htmx:  # a page waits between two polls; what comes sooner is answered together
            time.sleep(2 * PAUSE)
    wrong = next((each for each in got if each.status != status), None)
    if wrong is not None:
        raise RuntimeError(f"{path} was answered with {wrong.status}: {wrong.text[:500]}")
    return got


def _polls(console: RunningConsole, browser: Browser) -> tuple[list[Got], list[Got]]:
    """Polls of an operation that waits for its role: by a reader who has seen the newest picture, and by one who not."""
    waiting = start_grant(console, browser, "service-003", repositories(console)[0])
    until_waiting(console, waiting)
    path = f"/operations/{waiting}/progress?seen="
    unchanged = _ask(browser, f"{path}{operation(console, waiting)['version']}", REQUESTS, status=204, htmx=True)
    return unchanged, _ask(browser, f"{path}0", REQUESTS, htmx=True)
