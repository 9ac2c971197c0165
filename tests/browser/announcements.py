"""What a page announces. An announcement is taken back after a while: a test that only looked could come too late."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.console import until

_LISTEN = """() => {
  window.announced = [];
  for (const region of document.querySelectorAll('#live, #page-live'))
    new MutationObserver(() => window.announced.push(region.textContent)).observe(region, {childList: true});
}"""


def listen(page: Page) -> None:
    """Keep from now on what this document announces."""
    page.evaluate(_LISTEN)


def hears(page: Page, text: str) -> None:
    """Wait until it has announced the text, since `listen`."""
    # Playwright's wait_for_function evaluates text in the page, which its security policy refuses.
    until(lambda: page.evaluate("text => window.announced.includes(text)", text))
