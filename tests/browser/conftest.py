"""A headless Chromium, and pages that fail the test on any error in their console."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.person import Person
from tests.console import ROOT, RunningConsole, console

__all__ = ["console"]

# A slow, busy machine may take as long; what is there is seen at once.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for each file: while it lives, its event loop runs in this thread, and no test of another kind may."""
    command = [sys.executable, ROOT / "tools" / "browser.py", "--present"]  # `make test` has fetched one
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    path = told.rpartition("Browser: ")[2].strip()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def troubles() -> list[str]:
    """What went wrong in the console of any page of the test."""
    return []


def watched(context: BrowserContext, troubles: list[str]) -> Page:
    """A page whose console errors, script errors and policy violations are noted."""
    page = context.new_page()
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda message: troubles.append(message.text) if message.type in ("error", "warning") else None)
    page.set_default_timeout(PATIENCE_MS)
    return page


@pytest.fixture
def page(chromium: Browser, console: RunningConsole, troubles: list[str]) -> Iterator[Page]:
    """A desktop page. A refusal that a test provokes on purpose is taken out of `troubles` by that test."""
    context = chromium.new_context(base_url=console.url, viewport={"width": 1440, "height": 900}, locale="en-US")
    yield watched(context, troubles)
    context.close()
    assert not troubles


@pytest.fixture
def plain_page(chromium: Browser, console: RunningConsole, troubles: list[str]) -> Iterator[Page]:
    """A page of a browser with JavaScript off."""
    context = chromium.new_context(base_url=console.url, java_script_enabled=False, locale="en-US")
    yield watched(context, troubles)
    context.close()
    assert not troubles


@pytest.fixture
def mika(page: Page, console: RunningConsole) -> Person:
    """Mika operates the console in a modern browser."""
    return Person(page, console)


@pytest.fixture
def ken(plain_page: Page, console: RunningConsole) -> Person:
    """Ken does the same with JavaScript off."""
    return Person(plain_page, console)
