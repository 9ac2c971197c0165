"""A person at the console, who finds everything by its role and its accessible name."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page

from tests.console import RunningConsole, until

REGION = "us-east-1"
SECONDS = 60_000


@dataclass
class Person:
    page: Page
    console: RunningConsole

    def opens_images_of(self, service: str, region: str = REGION) -> None:
        """The console's own way: Containers, a service, Images."""
        self.page.goto("/containers")
        self.page.get_by_role("link", name="Containers", exact=True).first.click()
        self.page.get_by_role("link", name=service, exact=True).click()
        self.page.get_by_role("link", name="Images", exact=True).click()
        self.page.get_by_role("heading", name="Amazon ECR private repositories").wait_for()

    def everything_is_read(self, region: str = REGION) -> None:
        """Wait until the console has read every policy of a region."""
        self.page.get_by_text("policies checked").wait_for(timeout=SECONDS)

    def asks_to_add(self, repository: str) -> None:
        self.page.get_by_role("button", name="Add repository").first.click()
        self.page.get_by_role("combobox", name="Repository").fill(repository)
        self.page.get_by_role("combobox", name="Repository").press("Escape")
        self.page.get_by_role("button", name="Add", exact=True).click()

    def asks_to_remove(self, repository: str) -> None:
        self.page.get_by_role("button", name=f"Remove {repository}", exact=True).click()
        self.page.get_by_role("button", name="Remove", exact=True).click()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def asks(self, button: str) -> None:
        """Press a button that opens a dialog, and wait for the dialog's own buttons."""
        self.page.get_by_role("button", name=button, exact=True).click()
        self.dialog.get_by_role("button", name="Cancel", exact=True).wait_for()

    def confirms(self, button: str) -> None:
        self.dialog.get_by_role("button", name=button, exact=True).click()

    def closes(self) -> None:
        """Close the dialog of an operation; the page behind it is loaded again, and a click before that would be lost."""
        with self.page.expect_event("load"):
            self.dialog.get_by_role("button", name="Close", exact=True).click()

    def opens_last_operation(self, service: str) -> None:
        """By the service's History tab."""
        self.page.goto(f"/containers/{REGION}/{service}/history")
        self.page.get_by_role("rowheader").first.get_by_role("link").click()
        self.page.get_by_role("heading", name="About this operation").wait_for()

    def opens_policy(self, service: str, repository: str) -> None:
        self.opens_images_of(service)
        self.page.goto(f"/containers/{REGION}/{service}/policy?repository={repository}")
        self.page.get_by_role("heading", name="Policy text").wait_for()

    @property
    def continue_link(self) -> Locator:
        """Continue, once it leads somewhere."""
        return self.page.locator("a#continue[href]")

    def continues(self) -> None:
        self.continue_link.wait_for(timeout=SECONDS)
        self.continue_link.click()

    def row(self, repository: str) -> Locator:
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("link", name=repository, exact=True))

    def sids(self, repository: str) -> list[str]:
        """Return the Sids in the repository's policy, read outside the console."""
        policy = self.console.sandbox.policy(repository)["policy"]
        return [statement.get("Sid", "") for statement in policy["Statement"]] if policy else []

    def until_sids(self, repository: str, wanted: list[str]) -> None:
        until(lambda: self.sids(repository), lambda seen: seen == wanted)
