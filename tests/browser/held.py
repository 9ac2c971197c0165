"""Requests of a page that wait until the test answers them: what comes late is tried without being quick."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Route

from tests.console import until


def held(page: Page, url: str, cause: Callable[[], object] = lambda: None) -> Route:
    """The first request for `url` after `cause`; later ones are answered at once."""
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    # htmx gives a request up after 15 s, which a slow machine may take for what the test does meanwhile.
    page.evaluate("window.htmx && (htmx.config.defaultTimeout = 0)")
    page.route(url, hold, times=1)
    cause()
    return until(lambda: page.wait_for_timeout(1) or waiting, bool)[0]


def double_click(page: Page, url: str, button: Locator) -> None:
    """Click again once the server has done what the first click asks for, and before its answer arrives."""
    button.hover()
    press = page.mouse.down, page.mouse.up  # unlike a locator's click, they wait for no answer

    def click() -> None:
        for each in press:
            each()

    first = held(page, url, click)
    answer = first.fetch(max_redirects=0)
    click()
    first.fulfill(response=answer)


def answers(page: Page, route: Route, **answer: Any) -> None:
    """Answer a held request of htmx, and wait until the page has dealt with it."""
    url = urlsplit(route.request.url)
    page.evaluate(
        """action => { window.dealtWith = new Promise(done => document.addEventListener('htmx:finally:request',
            event => { if (event.detail.ctx.request.action === action) done(); })); }""",
        f"{url.path}?{url.query}" if url.query else url.path,
    )
    route.fulfill(**answer)
    page.evaluate("window.dealtWith")


def provoked(troubles: list[str], *expected: str) -> None:
    """Remove the browser's own messages about failures that the test caused."""
    troubles[:] = [trouble for trouble in troubles if not any(each in trouble for each in expected)]
