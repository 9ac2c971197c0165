"""What each page weighs on the wire: headers and bodies, compressed as a browser asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin

from benchmarks.browser import Browser, Got
from benchmarks.figures import Figure, Report
from benchmarks.starting import REGION, console_on_sandbox, start_grant, until_ended
from tests.console import RunningConsole

SERVICE, REPOSITORY = "storefront-web", "storefront/web"
SIGN_IN = "/sign-in"
# What a page has fetched with it: sheets, scripts, icons, pictures, and what it asks for by itself once it stands.
PARTS = re.compile(r'<(?:link|script|img|source)\b[^>]*?\b(?:href|src)="([^"]+)"')
LOADED_LATER = re.compile(r'<[^>]*\bhx-get="([^"]+)"[^>]*\bhx-trigger="load\b[^>]*>')
IN_SHEET = re.compile(r"url\([\"']?([^\"')]+)[\"']?\)")


def run() -> Report:
    with console_on_sandbox({"seed": "demo", "activation_seconds": 0.2}) as console:
        browser = Browser(console.url)
        weights = {path: _weigh(browser, path) for path in _pages(console, browser)}
        browser.close()
    with console_on_sandbox({"seed": "demo"}, auth="local") as console:
        browser = Browser(console.url)
        weights[SIGN_IN] = _weigh(browser, SIGN_IN)
        browser.close()
    heaviest = max(weights, key=lambda path: sum(weights[path].values()))
    bare = max(weights, key=lambda path: _without_font(weights[path]))
    page = max(weights, key=lambda path: weights[path][path])
    return Report(
        [
            Figure(f"heaviest of {len(weights)} pages, first load", _kb(weights[heaviest].values()), "kB", at_most=97),
            Figure("heaviest without the font", _without_font(weights[bare]) / 1000, "kB", at_most=49),
            Figure("heaviest on the next load: its HTML alone", weights[page][page] / 1000, "kB"),
        ],
        [f"heaviest: {heaviest}; without the font: {bare}; next load: {page}"],
        {"bytes": weights},
    )


def _kb(sizes: Iterator[int] | object) -> float:
    return sum(sizes) / 1000  # type: ignore[call-overload,no-any-return]


def _without_font(weights: dict[str, int]) -> int:
    return sum(size for path, size in weights.items() if not path.endswith(".woff2"))


def _pages(console: RunningConsole, browser: Browser) -> list[str]:
    """Every page of the console, one of each kind."""
    service = f"/containers/{REGION}/{SERVICE}"
    operation = start_grant(console, browser, SERVICE, "tools/cli")
    until_ended(console, operation)
    tabs = [
        "",
        "/deployments",
        "/images",
        "/history",
        f"/images?added={REPOSITORY}",
        f"/policy?repository={REPOSITORY}",
    ]
    pages = ["/containers", *(service + tab for tab in tabs), f"/operations/{operation}", "/history", "/permissions"]
    return [*pages, f"{service}/repositories/new", "/nothing-here"]


def _weigh(browser: Browser, path: str) -> dict[str, int]:
    """Bytes of the page and of all that it needs, by address."""
    page = browser.get(path)
    if page.status not in (200, 401, 404):
        raise RuntimeError(f"{path} was answered with {page.status}")
    weights = {path: page.wire}
    waiting = [urljoin(path, part) for part in _parts(page)]
    while waiting:
        part = waiting.pop()
        if part in weights or "://" in part:
            continue
        got = browser.get(part)
        _check(part, got)
        weights[part] = got.wire
        if part.endswith(".css"):
            waiting += [urljoin(part, found) for found in IN_SHEET.findall(got.text) if not found.startswith("data:")]
    return weights


def _parts(page: Got) -> list[str]:
    return [found.replace("&amp;", "&") for found in (*PARTS.findall(page.text), *LOADED_LATER.findall(page.text))]


def _check(part: str, got: Got) -> None:
    """Each part but what a page loads later is there, and is kept by the browser for the next page."""
    if got.status != 200:
        raise RuntimeError(f"{part} was answered with {got.status}")
    if part.startswith("/static/") and "immutable" not in got.headers.get("cache-control", ""):
        raise RuntimeError(f"{part} would be asked for again on the next page")
