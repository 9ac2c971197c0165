"""The order and the words of buttons: alike on all pages."""

from __future__ import annotations

from dataclasses import replace

import pytest
from bs4 import BeautifulSoup

from app.api import docs
from app.console.service_list import ServiceFilter, Sort
from app.operations.state import Kind
from app.web.views.api_reference import reference
from tests.web.asking import ask
from tests.web.examples import Examples

EXAMPLES = Examples()
VIEWS = {**dict(EXAMPLES.all()), "api-docs": reference(docs.document(), "http://127.0.0.1:8000")}
QUEUED = VIEWS["operation-queued"].shown


def queued(kind, repository):
    progress = replace(EXAMPLES.progress(kind), started_at=None, repository=repository)
    return replace(QUEUED, progress=progress)


@pytest.fixture(scope="module")
def show(gallery):
    everywhere = replace(VIEWS["choose"], match="", pattern="*")
    app = gallery(
        {
            **VIEWS,
            "choose-any": everywhere,
            "containers-named": replace(VIEWS["containers"], query="web"),
            "containers-sorted": replace(VIEWS["containers"], filter=ServiceFilter(sort=Sort.STATE)),
            "queued-grant": queued(Kind.GRANT, "storefront/web"),
            "queued-deploy": queued(Kind.DEPLOY, "storefront/web"),
            "queued-role": queued(Kind.ACTIVATE, ""),
        }
    )
    return lambda name: BeautifulSoup(ask(app, f"/p/{name}").text, "html.parser")


def words(part):
    return " ".join(part.get_text().split())


@pytest.mark.parametrize("name", [name for name in VIEWS if name.startswith(("operation-", "batch-", "progress"))])
def test_the_primary_button_is_the_last_one(name, show):
    for foot in show(name).select(".modal-foot"):
        buttons = [part for part in foot.select(".btn") if "hidden" not in part.attrs]
        primary = [at for at, button in enumerate(buttons) if {"primary", "danger"} & set(button["class"])]
        assert primary in ([], [len(buttons) - 1])


@pytest.mark.parametrize("name, last", [("batch-failed", "Retry failed"), ("batch-done", "Continue")])
def test_the_buttons_of_a_batch_are_where_those_of_an_operation_are(name, last, show):
    buttons = [words(button) for button in show(name).select("#batch > section:first-of-type > .modal-foot .btn")]
    assert buttons[-1] == last
    assert ("Close" in buttons, "Continue" in buttons) == (name == "batch-failed", name == "batch-done")


@pytest.mark.parametrize(
    "kind, says",
    [
        ("grant", "Waiting to start. Changes to the same repository run one at a time."),
        ("deploy", "Waiting to start."),
        ("role", "Waiting to start."),
    ],
)
def test_a_queued_operation_claims_no_other_one(kind, says, show):
    assert words(show(f"queued-{kind}").select_one(".modal-main > .hint")) == says


def test_what_sailpass_can_repair_itself_is_the_first_button_of_a_cause(show):
    buttons = show("why").select("section .actions .btn")
    assert [(words(button), "primary" in button["class"]) for button in buttons[:2]] == [
        ("Repair access", True),
        ("View policy", False),
    ]


@pytest.mark.parametrize("name", ["containers", "repositories", "findings", "history"])
def test_every_list_is_filtered_by_the_same_button(name, show):
    button = show(name).select_one("form.filters [type=submit]")
    assert (words(button), button["class"]) == ("Filter", ["btn"])


@pytest.mark.parametrize("name", ["containers", "repositories", "findings", "deployments", "images"])
def test_every_list_is_refreshed_by_the_same_button(name, show):
    assert show(name).select_one("#ask-aws-now button")["class"] == ["btn", "small"]


def test_all_repositories_are_chosen_without_a_pattern_on_screen(show):
    assert words(show("choose-any").select_one(".check.all")) == "All 3 repositories"
    assert words(show("choose").select_one(".check.all")) == "All 3 repositories that match *storefront/web*"


def test_why_has_one_primary_button_its_code_named_and_the_other_containers_linked(show):
    page = show("why")
    assert [words(button) for button in page.select("main .btn.primary")] == ["Repair access"]
    assert [words(button) for button in show("why-nothing").select("main .btn.primary")] == ["Check again"]
    assert words(page.select_one("#cause-1").find_parent("section").select("p.meta")[-1]) == "Code: policy.missing"
    other = page.select_one("#why-image").find_parent("section").select_one("li")
    assert words(other).startswith("Container proxy 123456789012.dkr.ecr.us-east-1.amazonaws.com/storefront/web")
    assert other.a["href"].startswith("/containers/us-east-1/web-frontend/why?image=")


def test_why_says_nothing_of_an_option_of_the_command_line(show):
    assert "--platform" not in show("why-undetermined").main.get_text()


def test_a_repository_that_can_be_pulled_from_is_not_asked_why_it_cannot(show):
    rows = {words(row.th.a): words(row) for row in show("images").select("tbody tr")}
    assert ["Why can't it pull?" in rows[name] for name in ("storefront/web", "payments/api")] == [False, True]


@pytest.mark.parametrize("name", ["add", "deploy"])
def test_a_dialog_as_a_page_says_where_it_is(name, show):
    crumbs = show(name).select_one("nav.crumbs")
    assert [words(item) for item in crumbs.select("a")] == ["Containers", "web-frontend"]
    assert words(crumbs.select_one("[aria-current=page]")) == words(show(name).h1)


@pytest.mark.parametrize(
    "name, clears", [("containers", []), ("containers-named", ["Clear"]), ("containers-sorted", ["Clear"])]
)
def test_a_filter_of_services_can_be_cleared(name, clears, show):
    links = show(name).select("form.filters a[href='/containers']")
    assert [words(link) for link in links] == clears


def test_the_api_reference_says_one_thing_in_a_paragraph(show):
    paragraphs = [words(part) for part in show("api-docs").select(".head p")]
    assert len(paragraphs) > 3
    assert max(map(len, paragraphs)) < 400
