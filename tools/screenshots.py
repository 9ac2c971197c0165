"""Renders the pictures of the README and docs/: every screen and state, from a real console on the sandbox.

make screenshots            all of them
python tools/screenshots.py images history     those whose name begins so
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from browser import find  # noqa: E402  (found beside this file)
from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402
from screens import HERE, STATES, TOKYO, WAITING, Prepared, Screen, policy, screens  # noqa: E402

from tests.browser.gallery import serving  # noqa: E402
from tests.console import RunningConsole, start_console, until  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Variant:
    """How a screen is looked at."""

    size: str
    theme: str
    language: str

    @property
    def viewport(self) -> dict[str, int]:
        return {"width": 1440, "height": 900} if self.size == "desktop" else {"width": 390, "height": 844}


# Each value of each kind twice; the README's own pictures come out of the first two.
VARIANTS = (
    Variant("desktop", "light", "en"),
    Variant("desktop", "dark", "ja"),
    Variant("mobile", "dark", "en"),
    Variant("mobile", "light", "ja"),
)
ALSO = {
    "history": (Variant("desktop", "dark", "en"),),
    "images": (Variant("desktop", "light", "ja"),),
    "sign-ins": (Variant("desktop", "dark", "ja"),),
}


# States have two, which together show each size, theme and language.
STATE_VARIANTS = (Variant("desktop", "light", "en"), Variant("mobile", "dark", "ja"))


def form(console: RunningConsole, path: str, **fields: str) -> str:
    """Post a form as a browser without scripts does; the address it leads to."""
    return console.post(path, urlencode(fields), **FORM).headers["location"]


def operation(console: RunningConsole, path: str, **fields: str) -> str:
    """Run an operation to its end; its id."""
    address = form(console, path, **fields)
    until(lambda: "aria-busy" not in console.get(address).text)
    return address.rsplit("/", 1)[1]


def prepare(console: RunningConsole) -> Prepared:
    """Give the history something to show."""
    console.sandbox.options(activation_seconds=0.5, principal_seconds=0)
    until(lambda: console.get(f"{HERE}/images").text, lambda text: "storefront/web" in text)
    until(lambda: console.get(policy("tools/cli")).status, lambda status: status == 200)
    until(lambda: console.get(policy("tokyo/legacy", TOKYO)).text, lambda text: "NoPullsOfRetiredImages" in text)
    operation(console, f"{HERE}/repositories", repository="shared/base-python")
    operation(console, f"{HERE}/repositories/remove", repository="shared/base-python")
    operation(console, f"{HERE}/repositories", repository="shared/base-node")
    console.sandbox.fault(action="ecr:SetRepositoryPolicy", kind="access_denied", times=1)
    failed = operation(console, f"{HERE}/repositories", repository="analytics/etl")
    done = operation(console, "/containers/us-east-1/reporting/repositories", repository="analytics/etl")
    console.sandbox.options(activation_seconds=3600)
    waiting = form(console, f"{WAITING}/repositories", repository="payments/api").rsplit("/", 1)[1]
    return Prepared(failed, done, waiting)


@contextmanager
def page_of(browser: Browser, url: str, variant: Variant, *, scripts: bool = True) -> Iterator[Page]:
    context = browser.new_context(
        base_url=url,
        viewport=variant.viewport,
        color_scheme=variant.theme,
        locale=variant.language,
        timezone_id="UTC",
        reduced_motion="reduce",
        java_script_enabled=scripts,
    )
    # A hidden tab doesn't ask what changed, so that the network comes to rest.
    context.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true })")
    yield context.new_page()
    context.close()


def photograph(page: Page, path: Path, *, whole: bool = False) -> None:
    """Keep what a page shows, in 256 colours: less than half the bytes of what the browser gives, in every clone."""
    shown = Image.open(BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    shown.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def take(browser: Browser, console: RunningConsole, screen: Screen, variant: Variant) -> Path:
    with page_of(browser, console.url, variant) as page:
        page.goto(screen.address)
        screen.act(page)
        page.wait_for_load_state("networkidle") if "progress" not in screen.name else None
        page.mouse.move(0, 0)
        path = OUT / f"{screen.name}-{variant.size}-{variant.theme}-{variant.language}.png"
        photograph(page, path, whole=screen.whole)
    if screen.name == "done":
        operation(console, f"{HERE}/repositories/remove", repository="tools/cli")
    return path


def refused_screens(browser: Browser, console: RunningConsole) -> None:
    """What is shown while AWS refuses: what was known, with its age and why it is old."""
    console.sandbox.fault(action="*", kind="expired_token")
    until(lambda: console.get("/containers").text, lambda text: "expired" in text.lower(), seconds=60)
    for variant in VARIANTS:
        take(browser, console, Screen("containers-refused", "Credentials that have expired", "/containers"), variant)
    console.sandbox.clear_faults()


def states(browser: Browser, wanted: list[str]) -> None:
    """The states that a console on the sandbox passes too quickly or never comes to, from the example pages.

    Without scripts, so that no state moves on and every age is the one that the example has.
    """
    with serving() as url:
        for name in STATES:
            for variant in (*STATE_VARIANTS, *ALSO.get(name, ())) if chosen(name, wanted) else ():
                with page_of(browser, url, variant, scripts=False) as page:
                    page.goto(f"/p/{name}")
                    page.wait_for_load_state("networkidle")
                    path = OUT / f"{name}-{variant.size}-{variant.theme}-{variant.language}.png"
                    photograph(page, path)
                    print(path.relative_to(ROOT), flush=True)


def chosen(name: str, wanted: list[str]) -> bool:
    return not wanted or name.startswith(tuple(wanted))


def sign_in_screens(browser: Browser, folder: Path) -> None:
    with start_console(folder, auth="local") as console:
        for variant in VARIANTS:
            take(browser, console, Screen("sign-in", "Sign-in", "/sign-in"), variant)


def index(names: list[tuple[str, str]]) -> None:
    """Write docs/screens.md."""
    lines = ["# Screens", "", "Rendered by `make screenshots` from a console on the sandbox.", ""]
    for name, title in names:
        lines += [f"## {title}", ""]
        lines += [f"![{title}](screenshots/{path.name})" for path in sorted(OUT.glob(f"{name}-[dm][eo]*-*-*.png"))]
        lines += [""]
    (ROOT / "docs" / "screens.md").write_text("\n".join(lines))


def main(wanted: list[str]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=["--no-sandbox", "--disable-gpu"])
        with start_console(Path(folder) / "console") as console:
            every = screens(prepare(console))
            for screen in every:
                variants = (*VARIANTS, *ALSO.get(screen.name, ()))
                for variant in variants if chosen(screen.name, wanted) else ():
                    print(take(browser, console, screen, variant).relative_to(ROOT), flush=True)
            if not wanted:
                refused_screens(browser, console)
        states(browser, wanted)
        if not wanted:
            sign_in_screens(browser, Path(folder) / "sign-in")
        extra = [("containers-refused", "Credentials that have expired"), *STATES.items(), ("sign-in", "Sign-in")]
        index([*((screen.name, screen.title) for screen in every), *extra])
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
