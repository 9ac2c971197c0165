"""The screens that `tools/screenshots.py` takes: where each one is, and what a person does there first."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from playwright.sync_api import Page

HERE = "/containers/us-east-1/storefront-web"
TOKYO = "/containers/ap-northeast-1/tokyo-api"
WAITING = "/containers/us-east-1/payments-api"
# States that pass too quickly on a console or never come: pages of `tests/web/examples.py`.
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
