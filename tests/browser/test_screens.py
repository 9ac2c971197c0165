"""Every page and dialog, as any reader may meet it: no axe violation, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import watched
from tests.browser.gallery import EXAMPLES, serving
from tests.console import ROOT

pytestmark = pytest.mark.browser

# A theme changes colours and nothing else, so that the dark one is asked about those alone.
RULES = {
    "light": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "dark": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
WIDTHS = (1440, 390, 320)
AXE = (ROOT / "tests" / "browser" / "vendor" / "axe.min.js").read_text()
UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
LOOK = "rules => axe.run(document, { runOnly: rules, resultTypes: ['violations'] })"
# One status looks like another.
ALIKE = {f"error-{status}" for status in (400, 401, 403, 405, 413, 422, 500, 503)}
PAGES = [*(name for name in EXAMPLES.pages() if name not in ALIKE), "api-docs"]
DIALOGS = [name for name, view in EXAMPLES.dialogs().items() if hasattr(view, "heading")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module", params=["en", "ja"])
def reader(request, chromium: Browser, address: str) -> Iterator[Page]:
    """A page of somebody who reads this language, without motion: a colour on its way to another is no fault."""
    context = chromium.new_context(base_url=address, locale=request.param, reduced_motion="reduce")
    troubles: list[str] = []
    yield watched(context, troubles)
    context.close()
    assert not troubles


def opens_dialog(page: Page, name: str) -> None:
    page.goto("/p/images-empty")
    page.evaluate("name => void htmx.ajax('GET', `/p/${name}`, { target: '#modal-body', swap: 'innerHTML' })", name)
    page.locator("#modal[open] .modal-foot").wait_for()


def faults(page: Page) -> list[str]:
    """What axe finds, and what is too wide, in both themes and at each width."""
    page.evaluate(AXE)
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            where = f"{theme}, {width} px"
            found += [
                f"{where}: {each['id']} {each['nodes'][0]['html'][:120]}"
                for each in page.evaluate(LOOK, RULES[theme])["violations"]
            ]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{where}: wider than the screen")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_suits_every_reader_and_screen(reader, name):
    reader.goto(f"/p/{name}")
    reader.evaluate(UNFOLD)
    assert faults(reader) == []


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_suits_every_reader_and_screen(reader, name):
    opens_dialog(reader, name)
    assert faults(reader) == []
