"""Reads the console's pages over HTTP as a person does: sentences, buttons by their names, forms."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from bs4 import BeautifulSoup, Tag

from tests.console import Answer, RunningConsole, until

REGION = "us-east-1"
SERVICE = "storefront-web"
SERVICES = {REGION: SERVICE, "ap-northeast-1": "tokyo-api"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@dataclass
class Page:
    """One answer, understood as HTML where a test looks at that."""

    answer: Answer

    @cached_property
    def soup(self) -> BeautifulSoup:
        return BeautifulSoup(self.answer.text, "html.parser")

    @property
    def status(self) -> int:
        return self.answer.status

    @property
    def text(self) -> str:
        """All that can be read on it."""
        return _text(self.soup)

    @property
    def title(self) -> str:
        return _text(self.soup.h1 or self.soup.h2)

    @property
    def operation(self) -> str:
        """The path of the operation that it shows."""
        shown = self.soup.select_one(".operation")
        assert shown is not None
        return "/operations/" + str(shown["id"]).removeprefix("operation-")

    def step(self, name: str) -> tuple[str, str]:
        """A step's tone and all that it says."""
        item = next(one for one in self.soup.select("ol.steps > li") if name in _text(one))
        return str(item["data-tone"]), _text(item)

    def statements(self) -> dict[str, dict[str, Any]]:
        """The IAM statements that are offered on it, by the action that each allows."""
        offered = [one for one in self.soup.select("details") if "IAM statement" in _text(one.summary)]
        found = [json.loads(one.select("pre")[0].get_text()) for one in offered]
        return {action: one for one in found for action in one["Action"]}

    def buttons(self) -> list[str]:
        """The accessible names of all buttons and links that act."""
        return [str(one.get("aria-label") or _text(one)) for one in self.soup.select("button, a.btn")]

    def form(self, button: str) -> tuple[str, str, dict[str, Any]]:
        """The form behind a button: its method, its address and the fields that it sends."""
        for one in self.soup.select("form button"):
            form = one.find_parent("form")
            if form is not None and button == str(one.get("aria-label") or _text(one)):
                method = one.get("formmethod") or form.get("method", "get")
                own = {str(one["name"]): str(one.get("value", ""))} if one.get("name") else {}
                return str(method), str(one.get("formaction") or form.get("action", "")), {**_fields(form), **own}
        raise AssertionError(f"no button {button!r} among {self.buttons()}")


def _text(tag: Tag | None) -> str:
    return re.sub(r"\s+", " ", tag.get_text(" ")).strip() if tag else ""


def _fields(form: Tag) -> dict[str, Any]:
    sent: dict[str, list[str]] = {}
    for one in form.select("input[name]"):
        if one.get("type") not in ("checkbox", "radio") or one.has_attr("checked"):
            sent.setdefault(str(one["name"]), []).append(str(one.get("value", "")))
    for one in form.select("select[name]"):
        chosen = one.select_one("option[selected]") or one.select_one("option")
        sent.setdefault(str(one["name"]), []).append(str(chosen["value"]) if chosen else "")
    return sent


@dataclass
class Reader:
    """A person with a browser without JavaScript, at one console."""

    console: RunningConsole

    def reads(self, path: str, **headers: str) -> Page:
        return Page(self.console.get(path, **headers))

    def sends(self, path: str, **fields: Any) -> Page:
        return Page(self.console.post(path, urlencode(fields, doseq=True), **FORM))

    def follows(self, page: Page, button: str, **changes: Any) -> Page:
        """What comes of pressing a button; a page that it leads to is read."""
        method, address, fields = page.form(button)
        fields |= changes
        if method == "get":
            return self.reads(f"{address}?{urlencode(fields, doseq=True)}")
        return self.lands(self.sends(address, **fields))

    def lands(self, page: Page) -> Page:
        """The page to which an answer leads."""
        return self.reads(page.answer.headers["location"]) if page.status == 303 else page

    def adds(self, repository: str, service: str = SERVICE, region: str = REGION, **fields: Any) -> str:
        """Ask for access with the dialog's form: the address of the operation."""
        answer = self.sends(f"/containers/{region}/{service}/repositories", repository=repository, **fields).answer
        assert answer.status == 303, answer.text
        return answer.headers["location"]

    def removes(self, repository: str, service: str = SERVICE, region: str = REGION) -> str:
        answer = self.sends(f"/containers/{region}/{service}/repositories/remove", repository=repository).answer
        assert answer.status == 303, answer.text
        return answer.headers["location"]

    def retries(self, operation: str) -> str:
        """Press Retry on an operation's page: the address of the new one."""
        method, address, fields = self.reads(operation).form("Retry")
        assert method == "post"
        return self.sends(address, **fields).answer.headers["location"]

    def ended(self, operation: str, seconds: float = 30.0) -> Page:
        """An operation's page once it has ended."""
        part = f"{operation}/progress"

        def newest(seen: str = "0") -> str:
            return until(lambda: self.console.get(f"{part}?seen={seen}", HX_Request="true").text, seconds=seconds)

        text = newest()
        while "aria-busy" in text:
            text = newest(re.search(r"seen=(\d+)", text)[1])  # type: ignore[index]
        return self.reads(operation)

    def sees(self, path: str, sentence: str) -> Page:
        """A page once it says a sentence."""
        return until(lambda: self.reads(path), lambda page: sentence in page.text)

    def knows(self, region: str = REGION) -> None:
        """Wait until the console has read every policy of a region."""
        path = f"/containers/{region}/{SERVICES[region]}/images"
        until(lambda: re.search(r"([\d,]+) of ([\d,]+) policies checked", self.reads(path).text), _whole)


def _whole(found: re.Match[str] | None) -> bool:
    return found is not None and found[1] == found[2]
