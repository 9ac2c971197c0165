"""Every page and partial, filled with the worst possible names, in each language."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from app.resources import STATIC, TEMPLATES
from app.web.assets import Assets
from app.web.render import make_environment
from app.web.views.base import DialogView
from app.web.views.frame import Shell
from tests.web.asking import PARTIAL, ask
from tests.web.conftest import ROOT
from tests.web.examples import Examples

TAG = "<script>alert(1)</script><hx-partial hx-target='#modal'>"
QUOTES = "\"'`onmouseover=alert(1) x="
TEMPLATE_TEXT = "{{ 7*191 }}{% raw %}%(x)s %s 100%"
TURNED = "safe\u202egnp.exe\u2066\x00"
LONG = "n" * 256
HOSTILE = {"odd": TAG + QUOTES + TEMPLATE_TEXT + TURNED, "long": LONG}
LINE_LENGTH = 120  # as ruff has it in pyproject.toml
# What no page of ours may hold, whatever names it shows.
FORBIDDEN = re.compile(r"<script>|<hx-partial hx-target='|[\u202a-\u202e\u2066-\u2069\x00]|1337")


@pytest.fixture(scope="module")
def friendly(gallery):
    """Every page with believable names."""
    return gallery(dict(Examples().all()))


@pytest.fixture(scope="module", params=[name for name, _ in Examples().all()])
def each(request, friendly):
    """The name of each page, and the page itself, read once for all tests of it."""
    return request.param, soup(friendly, request.param)


def soup(app, name, language="en", headers=None):
    answer = ask(app, f"/p/{name}", headers={"Accept-Language": language, **(headers or {})})
    assert answer.status_code == 200
    return BeautifulSoup(answer.text, "html.parser")


@pytest.mark.parametrize("worst", HOSTILE)
@pytest.mark.parametrize("headers", [{}, PARTIAL], ids=["page", "partial"])
def test_no_name_breaks_out_of_any_page(worst, headers, gallery):
    views = dict(Examples(*[HOSTILE[worst]] * 3).all())
    app = gallery(views, Shell(person=HOSTILE[worst], account=HOSTILE[worst], caller=HOSTILE[worst]))
    for language in ("en", "ja"):
        for name in views:
            text = ask(app, f"/p/{name}", headers={"Accept-Language": language, **headers}).text
            assert not FORBIDDEN.search(text), f"{name} in {language}"
            if "onmouseover" in text:  # parsing takes long
                assert not BeautifulSoup(text, "html.parser").find_all(attrs={"onmouseover": True}), name


@pytest.mark.parametrize(
    "name", ["images", "policy", "history", "operation-failed", "containers", "remove", "deactivate"]
)
def test_a_hostile_name_is_shown_as_it_is(name, gallery):
    page = soup(gallery(dict(Examples(TAG, TAG, TAG).all())), name)
    assert TAG in page.get_text()


def test_no_space_follows_a_full_stop_in_japanese(friendly):
    inline = {"a", "abbr", "b", "code", "em", "span", "strong", "time"}
    spaced = {
        text
        for name, _ in Examples().all()
        for part in soup(friendly, name, "ja").find_all(["p", "li", "div", "td", "th", "dd", "span"])
        if all(child.name in inline for child in part.find_all())
        for text in re.findall(r".*。\s+\S.*", part.get_text())
    }
    assert not sorted(spaced)


def test_headings_and_labels_begin_with_a_capital(friendly):
    titles = "th[role=columnheader], legend, [data-label]"
    texts = {
        one.get("data-label") or one.get_text(strip=True)
        for name, _ in Examples().all()
        for one in soup(friendly, name).select(titles)
    }
    assert sorted(text for text in texts if text[:1].islower()) == []


def test_ids_are_unique_and_references_lead_somewhere(each):
    _, page = each
    ids = [one["id"] for one in page.find_all(id=True)]
    referring = ("aria-labelledby", "aria-describedby", "aria-controls", "for")
    wanted = {ref for one in page.find_all() for attr in referring for ref in str(one.get(attr, "")).split()}
    assert len(ids) == len(set(ids))
    assert wanted <= set(ids)


@pytest.mark.parametrize(
    "part, loading, loaded",
    [("#all-repositories", "repositories-unread", "repositories"), ("#findings-list", "findings-loading", "findings")],
)
def test_a_list_is_asked_for_again_while_it_loads_and_no_longer(part, loading, loaded, friendly):
    assert soup(friendly, loading).select_one(part).has_attr("hx-get")
    assert not soup(friendly, loaded).select_one(part).has_attr("hx-get")


def test_the_first_page_of_a_filtered_list_is_of_the_same_filter(friendly):
    first = soup(friendly, "findings-filtered").select_one("a[rel=first]")["href"]
    assert first == "/findings?q=storefront%2Fweb&dismissed=1"


def test_japanese_pages_keep_no_english_sentence(each, friendly, catalogues):
    name, english = each
    japanese = soup(friendly, name, "ja")
    sentences = {text for text in english.stripped_strings if re.search(r"[A-Za-z]{3,}[^/:{]* [a-z]{2,}", text)}
    own = {text for text in sentences if text in catalogues["ja"]._catalog}
    assert not own & set(japanese.stripped_strings)


def test_amounts_have_separators(each):
    name, page = each
    shown = page.find_all(string=re.compile(r"(?<![\w.,:/-])\d{4,6}(?![\w.:/-])"))
    exact = ("code", "pre", "time", "title", "option", "script", "textarea")
    assert not [text for text in shown if not text.find_parent(exact)], name


def test_a_count_beside_a_heading_is_shown_as_an_amount():
    for file in TEMPLATES.rglob("*.html"):
        for shown in re.findall(r'class="count">\({{ *(\w+\(?)', file.read_text(encoding="utf-8")):
            assert shown == "number(", file.name


def test_nothing_is_inline(each):
    _, page = each
    attributes = {attr for one in page.find_all() for attr in one.attrs}
    assert not page.find_all("style")
    assert all(one.get("src") for one in page.find_all("script"))
    assert not [attr for attr in attributes if attr == "style" or attr.startswith(("on", "hx-on"))]


def test_every_form_and_every_button_works_without_scripts(friendly):
    for name in Examples().pages():
        page = soup(friendly, name)
        assert all(form.get("action") and form.get("method") for form in page.find_all("form")), name
        loose = list(page.select("button[hx-get], button[hx-post], a[hx-get]"))
        assert not loose, name


def test_no_template_is_left_unused():
    everything = {
        path.relative_to(ROOT / "templates").as_posix(): path.read_text() for path in ROOT.glob("templates/**/*.html")
    }
    code = "".join(path.read_text() for path in ROOT.glob("app/**/*.py"))
    said = "".join(everything.values()) + code
    assert [name for name in everything if f'"{name}"' not in said] == []


def test_no_line_of_a_template_is_longer_than_one_of_the_code():
    numbered = [
        (path.relative_to(ROOT).as_posix(), number, line)
        for path in ROOT.glob("templates/**/*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
    ]
    assert [f"{name}:{number}" for name, number, line in numbered if len(line) > LINE_LENGTH] == []


def test_every_template_imports_the_macros_it_uses():
    """Those that its includer has imported are there only while it is rendered by that one.

    A row's list imports for it: an import takes as long as all the rest of a row.
    """
    environment = make_environment(TEMPLATES, Assets(STATIC))
    parsed = {
        name: environment.parse(environment.loader.get_source(environment, name)[0])
        for name in environment.list_templates(extensions=["html"])
    }
    macros = set().union(*map(imported, parsed.values()))
    lists = {row: imported(tree) for tree in parsed.values() for row in included(tree) if row.endswith("_row.html")}
    missing = {
        name: (find_undeclared_variables(tree) & macros) - imported(tree) - lists.get(name, set())
        for name, tree in parsed.items()
    }
    assert {name: names for name, names in missing.items() if names} == {}


def included(tree: nodes.Template) -> set[str]:
    """The templates that it includes."""
    return {node.template.value for node in tree.find_all(nodes.Include) if isinstance(node.template, nodes.Const)}


def imported(tree: nodes.Template) -> set[str]:
    """The names that a template imports macros as."""
    single = {
        name if isinstance(name, str) else name[1] for each in tree.find_all(nodes.FromImport) for name in each.names
    }
    return single | {each.target for each in tree.find_all(nodes.Import)}


@pytest.mark.parametrize(
    "name, trigger",
    [
        ("containers", False),
        ("containers-loading", True),
        ("images", False),
        ("images-running", True),
        ("overview-old", False),
        ("overview-loading", True),
    ],
)
def test_a_page_looks_again_only_while_something_changes(name, trigger, friendly):
    page = soup(friendly, name, headers=PARTIAL)
    assert bool(page.select("[hx-trigger^='every']")) is trigger


@pytest.mark.parametrize(
    "name, told",
    [
        ("images-empty", "No private repositories"),
        ("images-loading", "None found yet"),
        ("images-unknown", "No data about this service yet"),
    ],
)
def test_no_repositories_are_not_the_same_as_none_known_yet(name, told, friendly):
    assert soup(friendly, name).select_one(".empty strong").get_text() == told


def test_an_operation_tells_how_often_a_step_was_tried(friendly):
    assert "Attempt 2" in soup(friendly, "operation-failed").get_text()


@pytest.mark.parametrize("name", ["deployments-old", "policy-old", "images-added-slow"])
def test_a_page_that_aws_kept_waiting_asks_once_more_by_itself(name, friendly):
    page = soup(friendly, name)
    assert len(page.select("main [hx-trigger=load][hx-swap=outerMorph][aria-busy=true]")) == 1
    assert not soup(friendly, name, headers=PARTIAL).select("[hx-trigger=load]")


def test_a_service_that_was_waited_for_in_vain_says_why(friendly):
    assert "The AWS credentials have expired." in soup(friendly, "overview-unknown", headers=PARTIAL).get_text()


@pytest.mark.parametrize("name", ["deployments-old", "policy-old", "overview-old", "images-old"])
def test_what_is_old_is_shown_with_its_age(name, friendly):
    page = soup(friendly, name)
    assert "3 hours ago" in page.get_text() or "3 hr. ago" in page.get_text()


@pytest.mark.parametrize(
    "name, polls",
    [
        ("operation", True),
        ("operation-queued", True),
        ("operation-done", False),
        ("operation-failed", False),
        ("operation-cancelled", False),
        ("operation-interrupted", False),
    ],
)
def test_progress_polls_and_refreshes_itself_only_until_its_end(name, polls, friendly):
    page = soup(friendly, name)
    assert bool(page.select(".operation[hx-trigger^='every']")) is polls
    assert bool(page.select("noscript meta[http-equiv=refresh]")) is polls


def test_an_interrupted_operation_offers_to_retry_and_shows_the_write_that_may_have_happened(friendly):
    page = soup(friendly, "operation-interrupted")
    assert page.select_one(".operation .flash[data-tone=warning]")
    assert [button.get_text() for button in page.select("form[action$='/retry'] button")] == ["Retry"]
    changes = page.select_one("section[aria-labelledby=changes-title]")
    assert "It isn't known whether AWS applied this change" in changes.get_text()
    assert changes.select("table")
    assert not changes.select("form")


@pytest.mark.parametrize(
    "kind, buttons",
    [
        ("drift", ["Continue", "Repair access"]),
        ("repository_deleted", ["Continue"]),
        ("role_deactivated", ["Continue", "Activate role"]),
        ("service_deleted", ["Continue"]),
    ],
)
def test_what_was_done_outside_offers_what_helps(kind, buttons, friendly):
    shown = soup(friendly, f"operation-seen-{kind}").select(".operation .modal-foot .btn")
    assert [button.get_text(strip=True) for button in shown] == buttons
    assert ["primary" in button["class"] for button in shown] == [False, True][-len(buttons) :]


def test_a_deployment_with_an_outdated_preview_offers_first_to_preview_it_again(friendly):
    shown = soup(friendly, "progress-outdated").select(".modal-foot .btn")
    assert [button.get_text(strip=True) for button in shown if "primary" in button["class"]] == ["Preview again"]


def test_an_outdated_preview_of_a_version_to_deploy_again_is_opened_again(friendly):
    [shown] = soup(friendly, "progress-outdated-version").select(".modal-foot .primary")
    assert shown.get_text(strip=True) == "Preview again"
    assert shown.find_parent("form").select_one("[name=version]")["value"] == "3"


def test_a_dialog_that_is_a_page_says_where_it_belongs(friendly):
    pages = {name: soup(friendly, name) for name, view in Examples().all() if isinstance(view, DialogView)}
    lacking = [name for name, page in pages.items() if not page.select(".crumbs a") or len(page.select(".crumbs")) > 1]
    assert pages
    assert not lacking


def test_an_interrupted_operation_has_no_duration(friendly):
    steps = soup(friendly, "operation-interrupted").select("ol.steps > li[data-tone=warning]")
    assert len(steps) == 2
    assert not any(step.select(".elapsed") for step in steps)
    (row,) = (row for row in soup(friendly, "history").select(".history tr") if row.select("[data-tone=warning]"))
    assert row.select_one("[data-label=Duration]").get_text(strip=True) == "\N{EN DASH}"


def test_a_form_that_changes_something_never_becomes_another_one_when_its_part_is_renewed(each):
    """A morph keeps a form without an id, with the focus in it, and gives it the action of the next one."""
    _, page = each
    forms = page.select(":is([hx-swap*=Morph], [data-watch]) form[method=post], form[method=post]:is([hx-swap*=Morph])")
    ids = [form.get("id") for form in forms]
    assert all(ids), [form.get("action") for form in forms]
    assert len(set(ids)) == len(ids)
