"""Renders the pictures of the README and docs/: every screen and state, from a real console on the sandbox.

make screenshots            all of them
python tools/screenshots.py images history     those whose name begins so
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

from browser import find  # noqa: E402  (found beside this file)
from playwright.sync_api import Browser, Page, sync_playwright  # noqa: E402

from tests.console import RunningConsole, start_console, until  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
HERE = "/containers/us-east-1/storefront-web"
WAITING = "/containers/us-east-1/payments-api"
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
ALSO = {"history": (Variant("desktop", "dark", "en"),), "images": (Variant("desktop", "light", "ja"),)}


@dataclass(frozen=True)
class Screen:
    """One picture: an address, what is done there first, and whether the whole page is taken."""

    name: str
    title: str
    address: str
    act: Callable[[Page], object] = Page.title
    whole: bool = False


def click(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def ask(verb: str, repository: str = "") -> Callable[[Page], None]:
    """Open the dialog that a button of the page asks with."""

    def act(page: Page) -> None:
        forms = page.locator(f'form.ask[action$="/{verb}"]')
        if repository:
            forms = forms.filter(has=page.locator(f'input[value="{repository}"]'))
        forms.first.locator("button").click()
        page.locator("#modal-body form").first.wait_for()

    return act


def type_name(name: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        ask("repositories/new")(page)
        page.locator("#repository").press_sequentially(name)
        page.wait_for_timeout(600)

    return act


def add(name: str, until_selector: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        ask("repositories/new")(page)
        page.locator("#repository").fill(name)
        page.locator("#repository").press("Escape")
        page.locator("#modal-body button[type=submit]").click()
        page.locator(until_selector).first.wait_for(timeout=20_000)
        page.wait_for_timeout(300)

    return act


def preview(page: Page) -> None:
    ask("repositories/remove", "storefront/nginx-sidecar")(page)
    page.locator("#modal-body details.preview summary").click()
    page.locator("#modal-body [name=previewed]").wait_for(state="attached")


def unfold_changes(page: Page) -> None:
    """Open the newest policy difference of the history."""
    changes = page.locator("article details:has(figure.diff)").first
    changes.locator("summary").click()
    changes.locator("figure.diff").wait_for()
    page.locator("#history-list").evaluate("list => list.scrollIntoView()")


def policy(repository: str) -> str:
    return f"{HERE}/policy?{urlencode({'repository': repository})}"


def screens(failed: str) -> tuple[Screen, ...]:
    ended = "a#continue[href]"
    return (
        Screen("containers", "Containers", "/containers"),
        Screen("overview", "A service: Overview", HERE),
        Screen("deployments", "A service: Deployments", f"{HERE}/deployments"),
        Screen("deployments-failed", "A deployment that failed", "/containers/us-east-1/reporting/deployments"),
        Screen("images", "A service: Images", f"{HERE}/images"),
        Screen("images-whole", "Images, the whole page", f"{HERE}/images", whole=True),
        Screen("images-repair", "Access that needs repair", "/containers/us-east-1/reporting/images"),
        Screen("images-empty", "No repository yet", "/containers/us-east-1/legacy-blog/images"),
        Screen("next-steps", "Next steps after adding", f"{HERE}/images?added=storefront%2Fweb"),
        Screen("add", "Add repository", f"{HERE}/images", type_name("analytics")),
        Screen("add-refused", "A name typed wrongly", f"{HERE}/images", add("analytics/elt", "#repository-error")),
        Screen("progress", "A repository being added", f"{WAITING}/images", add("payments/api", "[aria-busy]")),
        Screen("done", "A repository added", f"{HERE}/images", add("tools/cli", ended)),
        Screen("failed", "A step that AWS refused", f"/operations/{failed}"),
        Screen("remove", "Remove repository", f"{HERE}/images", ask("repositories/remove", "storefront/web")),
        Screen("preview", "Preview of a change", f"{HERE}/images", preview),
        Screen("deactivate", "Deactivate the role", f"{HERE}/images", ask("role/deactivate")),
        Screen("policy", "A repository's policy", policy("storefront/nginx-sidecar")),
        Screen("policy-whole", "A policy in plain words and by hand", policy("payments/worker"), whole=True),
        Screen("service-history", "A service: History", f"{HERE}/history"),
        Screen("history", "History with a policy diff", "/history", unfold_changes),
        Screen("permissions", "Permissions", "/permissions"),
        Screen(
            "permissions-checked",
            "Permissions checked",
            "/permissions",
            click('form[action="/permissions/check"] button'),
        ),
        Screen("not-found", "An address that leads nowhere", "/containers/us-east-1/nothing/here"),
    )


def form(console: RunningConsole, path: str, **fields: str) -> str:
    """Post a form as a browser without scripts does; the address it leads to."""
    return console.post(path, urlencode(fields), **FORM).headers["location"]


def operation(console: RunningConsole, path: str, **fields: str) -> str:
    """Run an operation to its end; its id."""
    address = form(console, path, **fields)
    until(lambda: "aria-busy" not in console.get(address).text)
    return address.rsplit("/", 1)[1]


def prepare(console: RunningConsole) -> str:
    """Give the history something to show; the id of an operation that AWS refused."""
    console.sandbox.options(activation_seconds=0.5, principal_seconds=0)
    until(lambda: console.get(f"{HERE}/images").text, lambda text: "storefront/web" in text)
    until(lambda: console.get(policy("tools/cli")).status, lambda status: status == 200)
    operation(console, f"{HERE}/repositories", repository="shared/base-python")
    operation(console, f"{HERE}/repositories/remove", repository="shared/base-python")
    operation(console, f"{HERE}/repositories", repository="shared/base-node")
    console.sandbox.fault(action="ecr:SetRepositoryPolicy", kind="access_denied", times=1)
    failed = operation(console, f"{HERE}/repositories", repository="analytics/etl")
    operation(console, "/containers/us-east-1/reporting/repositories", repository="analytics/etl")
    console.sandbox.options(activation_seconds=3600)
    form(console, f"{WAITING}/repositories", repository="payments/api")
    return failed


@contextmanager
def page_of(browser: Browser, console: RunningConsole, variant: Variant) -> Iterator[Page]:
    context = browser.new_context(
        base_url=console.url,
        viewport=variant.viewport,
        color_scheme=variant.theme,
        locale=variant.language,
        timezone_id="UTC",
        reduced_motion="reduce",
    )
    yield context.new_page()
    context.close()


def take(browser: Browser, console: RunningConsole, screen: Screen, variant: Variant) -> Path:
    with page_of(browser, console, variant) as page:
        page.goto(screen.address)
        screen.act(page)
        page.wait_for_load_state("networkidle") if "progress" not in screen.name else None
        page.mouse.move(0, 0)
        path = OUT / f"{screen.name}-{variant.size}-{variant.theme}-{variant.language}.png"
        page.screenshot(path=path, full_page=screen.whole)
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
                if wanted and not screen.name.startswith(tuple(wanted)):
                    continue
                for variant in (*VARIANTS, *ALSO.get(screen.name, ())):
                    print(take(browser, console, screen, variant).relative_to(ROOT), flush=True)
            if not wanted:
                refused_screens(browser, console)
        if not wanted:
            sign_in_screens(browser, Path(folder) / "sign-in")
            extra = [("containers-refused", "Credentials that have expired"), ("sign-in", "Sign-in")]
            index([*((screen.name, screen.title) for screen in every), *extra])
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
