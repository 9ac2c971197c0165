"""Renders the pictures of the README and docs/: every screen and state, from a real console on the sandbox.

make screenshots            all of them
python tools/screenshots.py images history     those whose name begins so
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
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

from tests.browser.gallery import serving  # noqa: E402
from tests.console import RunningConsole, start_console, until  # noqa: E402

OUT = ROOT / "docs" / "screenshots"
HERE = "/containers/us-east-1/storefront-web"
TOKYO = "/containers/ap-northeast-1/tokyo-api"
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
ALSO = {
    "history": (Variant("desktop", "dark", "en"),),
    "images": (Variant("desktop", "light", "ja"),),
    "sign-ins": (Variant("desktop", "dark", "ja"),),
}


# States have two, which together show each size, theme and language.
STATE_VARIANTS = (Variant("desktop", "light", "en"), Variant("mobile", "dark", "ja"))
STATES = {
    "containers-loading": "Containers, read for the first time",
    "containers-empty": "No container service",
    "containers-nothing-found": "No container service that matches",
    "containers-partial": "Regions that AWS refuses, the others with their age",
    "overview-loading": "A service that is being read",
    "overview-unknown": "A service that AWS refuses to tell",
    "overview-old": "A service as it was last read",
    "deployments-none": "Nothing deployed",
    "deployments-old": "Deployments that AWS is slow to tell",
    "images-loading": "Images, read for the first time",
    "images-running": "Operations at work on a service",
    "images-old": "Repositories as they were last read",
    "images-added-slow": "Tags that AWS is slow to tell",
    "policy-none": "A repository without a policy",
    "policy-broken": "A policy that is no JSON, mended",
    "policy-old": "A policy as it was last read",
    "operation-queued": "An operation that waits for its turn",
    "operation-refused": "A dead principal in the way",
    "operation-cancelled": "An operation that was cancelled",
    "operation-interrupted": "An operation that a restored backup shows as running",
    "history-empty": "Nothing has happened",
    "history-nothing-found": "Nothing that the filter lets through",
    "permissions-fine": "No permission is missing",
    "sign-ins": "Sessions, tokens and the record of sign-ins",
    "sign-in-failed": "A sign-in link that counts no more",
    "error-500": "A fault of our own",
}


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


def search(words: str) -> Callable[[Page], None]:
    """Open the command palette and type into it."""

    def act(page: Page) -> None:
        page.keyboard.press("Control+k")
        page.locator("#palette-q").fill(words)
        page.locator(f'#palette-options a:has-text("{words}")').first.wait_for()

    return act


def preview(page: Page) -> None:
    ask("repositories/remove", "storefront/nginx-sidecar")(page)
    page.locator("#modal-body details.preview summary").click()
    page.locator("#modal-body [name=previewed]").wait_for(state="attached")


def open_log(page: Page) -> None:
    """Open the log of the newest version."""
    page.locator("article summary", has_text=re.compile("Log|ログ")).first.click()
    page.locator(".log-lines").first.wait_for(timeout=20_000)


def unfold_changes(page: Page) -> None:
    """Open the newest line of the history whose operation changed a policy."""
    for details in page.locator("#history-list [data-opens]").all():
        details.click()
        opened = page.locator(f"#{details.get_attribute('data-opens')}")
        opened.locator(".stack").wait_for()
        if opened.locator("figure.diff").count():
            page.locator("#history-list").evaluate("list => list.scrollIntoView()")
            return
        details.click()
    raise LookupError("no operation of the history changed a policy")


def policy(repository: str, service: str = HERE) -> str:
    return f"{service}/policy?{urlencode({'repository': repository})}"


@dataclass(frozen=True)
class Prepared:
    """Operations to show, by id: one that AWS refused, one that is done, one that waits."""

    failed: str
    done: str
    waiting: str


def screens(shown: Prepared) -> tuple[Screen, ...]:
    ended = "a#continue[href]"
    reporting, unused = (f"/containers/us-east-1/{name}/images" for name in ("reporting", "legacy-blog"))
    return (
        Screen("containers", "Containers", "/containers"),
        Screen("repositories", "Repositories", "/repositories"),
        Screen("repository", "A repository", "/repositories/us-east-1/analytics/reports", whole=True),
        Screen("findings", "Findings", "/findings"),
        Screen("who-can-pull", "Who can pull?", "/who-can-pull?principal=210987654321"),
        Screen("search", "Search", "/search?q=storefront"),
        Screen("palette", "Search and actions over a page", "/containers", search("storefront")),
        Screen("overview", "A service: Overview", HERE),
        Screen("deployments", "A service: Deployments", f"{HERE}/deployments"),
        Screen(
            "deploy-image",
            "Deploy: the image, the container, what changes",
            f"{HERE}/deployments/new?repository=storefront/web&tag=5.2.1",
            whole=True,
        ),
        Screen(
            "deploy-would-fail",
            "Deploy: what would fail, before anything is deployed",
            f"{HERE}/deployments/new?repository=payments/api&tag=3.12.0&container=web",
            whole=True,
        ),
        Screen(
            "why",
            "Why can't it pull? One root cause first, with its fix",
            f"{HERE}/why?image=123456789012.dkr.ecr.us-east-1.amazonaws.com/payments/api:3.12.0",
            whole=True,
        ),
        Screen(
            "deployment-log",
            "The log of a deployment that failed its health check",
            "/containers/us-east-1/legacy-blog/deployments",
            open_log,
            whole=True,
        ),
        Screen("as-code", "A service with all its access as code", f"{HERE}/as-code", whole=True),
        Screen("deployments-failed", "A deployment that failed", "/containers/us-east-1/reporting/deployments"),
        Screen("images", "A service: Images", f"{HERE}/images"),
        Screen("images-whole", "Images, the whole page", f"{HERE}/images", whole=True),
        Screen("images-repair", "Access that needs repair", reporting),
        Screen("images-empty", "No repository yet", unused),
        Screen("next-steps", "Next steps after adding", f"{HERE}/images?added=storefront%2Fweb"),
        Screen("add", "Add repository", f"{HERE}/images", type_name("analytics")),
        Screen("add-refused", "A name typed wrongly", f"{HERE}/images", add("analytics/elt", "#repository-error")),
        Screen("progress", "A repository being added", f"{WAITING}/images", add("payments/api", "[aria-busy]")),
        Screen("done", "A repository added", f"{HERE}/images", add("tools/cli", ended)),
        Screen("failed", "A step that AWS refused", f"/operations/{shown.failed}"),
        Screen("operation", "An operation's page", f"/operations/{shown.done}", whole=True),
        Screen("undo", "Undo an operation", f"/operations/{shown.done}", ask("undo")),
        Screen("restore", "Restore a policy", f"/operations/{shown.done}", ask("restore")),
        Screen(
            "cancel", "Cancel an operation", f"/operations/{shown.waiting}", click('form[action$="/cancel"] button')
        ),
        Screen("remove", "Remove repository", f"{HERE}/images", ask("repositories/remove", "storefront/web")),
        Screen("preview", "Preview of a change", f"{HERE}/images", preview),
        Screen("repair", "Repair access", reporting, ask("repositories/repair")),
        Screen("prune", "Remove dead principals", policy("payments/worker"), ask("repositories/prune")),
        Screen("activate", "Activate the role", unused, ask("role/activate")),
        Screen("deactivate", "Deactivate the role", f"{HERE}/images", ask("role/deactivate")),
        Screen("policy", "A repository's policy", policy("storefront/nginx-sidecar")),
        Screen("policy-denied", "A deny in the registry policy", policy("tokyo/legacy", TOKYO)),
        Screen("images-denied", "Images, with a deny in the registry policy", f"{TOKYO}/images"),
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
        Screen("api", "The reference of the API", "/api/docs"),
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
