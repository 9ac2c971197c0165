"""Every page and dialog in every variant: no axe violation, nothing wider than the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from app.web.views.role_changes import PlannedChangeView
from tests.browser.conftest import watched
from tests.browser.gallery import EXAMPLES, serving
from tests.console import ROOT

pytestmark = pytest.mark.browser

ALL_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
# A theme changes colours and nothing else, and a language everything but colours.
ON_COLOURS = ["color-contrast", "link-in-text-block"]
COLOURS = {"runOnly": {"type": "rule", "values": ON_COLOURS}}
ALL_BUT_COLOURS = {**ALL_RULES, "rules": {rule: {"enabled": False} for rule in ON_COLOURS}}
RULES = {"en": {"light": ALL_RULES, "dark": COLOURS}, "ja": {"light": ALL_BUT_COLOURS}}
WIDTHS = (1440, 390, 320)
# No layout is between the widest and the narrowest: every narrow one is part of the narrowest. A language changes no
# layout, and what hides at one width is read at the other in English.
CHECKED_WIDTHS = {"en": (1440, 320), "ja": (320,)}
AXE = (ROOT / "tests" / "browser" / "vendor" / "axe.min.js").read_text()
UNFOLD = "for (const part of document.querySelectorAll('details')) part.open = true"
LOOK = "rules => axe.run(document, { ...rules, resultTypes: ['violations'] })"
# One status looks like another.
ALIKE = {f"error-{status}" for status in (400, 401, 403, 405, 413, 422, 500, 503)}
PAGES = [*(name for name in EXAMPLES.pages() if name not in ALIKE), "api-docs", "deactivate-change"]
# A change of a plan is shown inside its dialog, or on a page.
DIALOGS = [
    name
    for name, view in EXAMPLES.dialogs().items()
    if hasattr(view, "heading") and not isinstance(view, PlannedChangeView)
]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture(scope="module", params=["en", "ja"])
def reader(request, chromium: Browser, address: str) -> Iterator[Page]:
    """A page in this language, without motion: a colour in transition is not a violation."""
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
    """What axe finds, and what is too wide."""
    page.evaluate(AXE)
    found = []
    checked = CHECKED_WIDTHS[page.evaluate("navigator.language")[:2]]
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{width} px: wider than the screen")
        if width in checked:
            found += [f"{width} px: {violation}" for violation in violations(page)]
    return found


def violations(page: Page) -> list[str]:
    found = []
    for theme, chosen in RULES[page.evaluate("navigator.language")[:2]].items():
        page.emulate_media(color_scheme=theme)
        found += [
            f"{theme}: {violation['id']} {violation['nodes'][0]['html'][:120]}"
            for violation in page.evaluate(LOOK, chosen)["violations"]
        ]
    return found


@pytest.mark.parametrize("name", PAGES)
def test_a_page_suits_every_reader_and_screen(reader, name):
    reader.goto(f"/p/{name}")
    reader.evaluate(UNFOLD)
    assert faults(reader) == []


def test_the_command_palette_suits_every_reader_and_screen(reader):
    reader.goto("/p/containers")
    reader.keyboard.press("Control+k")
    reader.locator("#palette-options [role=option]").first.wait_for()
    assert faults(reader) == []


@pytest.mark.parametrize("name", DIALOGS)
def test_a_dialog_suits_every_reader_and_screen(reader, name):
    opens_dialog(reader, name)
    assert faults(reader) == []
