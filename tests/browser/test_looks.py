"""What a page is in an unusual window: forced colors, a phone, 400 % zoom, paper, no motion, no scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import watched
from tests.browser.gallery import serving
from tests.browser.test_screens import AXE, violations

pytestmark = pytest.mark.browser

Opens = Callable[..., Page]
BORDER = "link => getComputedStyle(link).borderBottomColor"
INSIDE = """dialog => {
  const {left, right, top} = dialog.getBoundingClientRect();
  return left >= 0 && right <= innerWidth && top >= 0 && dialog.scrollWidth <= dialog.clientWidth
    && document.documentElement.scrollWidth <= innerWidth;
}"""
BELOW = """(list) => {
  const bottom = list.getBoundingClientRect().bottom;
  return document.querySelector('dialog .modal-foot').getBoundingClientRect().top >= bottom;
}"""

# A header with all that it can have: the badge of the sandbox, open findings, the bell, and a long name.
FULL = """bar => {
  bar.querySelector('.identity').insertAdjacentElement('afterbegin',
    Object.assign(document.createElement('span'), { className: 'badge', textContent: 'Sandbox' }));
  bar.querySelector('.nav-count').hidden = false;
  bar.querySelector('.nav-count').firstElementChild.textContent = 12;
  bar.querySelector('.name').textContent = 'mika.tanaka@engineering.example.com';
}"""
READABLE = """bar => {
  const [nav, name, out] = ['.topnav', '.name', '.account button'].map(each => bar.querySelector(each));
  return nav.scrollWidth <= nav.clientWidth && name.clientWidth >= 40
    && out.getBoundingClientRect().right <= innerWidth && bar.offsetHeight < 100;
}"""

# How far below the top of its cell each text begins.
FALL = r"""cells => cells.map(cell => {
  const text = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode();
  const range = document.createRange();
  const at = Math.max(0, text.data.search(/\S/));
  range.setStart(text, at);
  range.setEnd(text, at + 1);
  return range.getBoundingClientRect().top - cell.getBoundingClientRect().top;
})"""

# Whether each text has its row to the end, but for its label.
WIDE = "texts => texts.map(text => text.closest('td').offsetWidth > text.closest('tr').clientWidth * .9)"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving() as url:
        yield url


@pytest.fixture
def opens(chromium: Browser, address: str) -> Iterator[Opens]:
    """Open a page of the gallery in a window of these properties."""
    contexts, troubles = [], []

    def open_page(name: str, **window: Any) -> Page:
        contexts.append(chromium.new_context(base_url=address, **{"locale": "en-US", **window}))
        page = watched(contexts[-1], troubles)
        page.goto(f"/p/{name}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not troubles


@pytest.mark.parametrize("tabs", [".topnav a", ".tabs a"])
def test_forced_colors_leave_the_current_tab_apart(opens, tabs):
    page = opens("images", forced_colors="active")
    # The gallery's address names no section of the navigation.
    page.evaluate("document.querySelector('.topnav a').setAttribute('aria-current', 'page')")
    border = page.locator(f"{tabs}[aria-current]").evaluate(BORDER)
    others = page.locator(f"{tabs}:not([aria-current])").evaluate_all(f"links => links.map({BORDER})")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert others
    assert set(others) == {ground}  # not transparent: that would be drawn in the color of the text
    assert border != ground


def test_a_phone_shows_the_account_and_folds_the_filter(opens):
    page = opens("history", viewport={"width": 390, "height": 844})
    expect(page.get_by_text("123456789012")).to_be_in_viewport()
    expect(page.get_by_label("Kind")).to_be_hidden()
    page.get_by_text("More filters").click()
    expect(page.get_by_label("Kind")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    page.reload()
    expect(page.get_by_text("More filters")).to_be_hidden()
    expect(page.get_by_label("Kind")).to_be_visible()


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_the_button_of_a_filter_is_beside_its_fields_on_a_desktop(opens, locale):
    page = opens("history-empty", viewport={"width": 1440, "height": 900}, locale=locale)
    fields = page.locator("form.filters .field:visible").evaluate_all("all => all.map(one => one.offsetTop)")
    button = page.locator("form.filters [type=submit]")
    assert len(fields) == 7
    assert max(fields) - min(fields) < 10
    assert button.evaluate("one => one.offsetTop") < min(fields) + 60


def test_the_header_shows_every_section_and_who_is_signed_in_at_each_width(opens):
    page = opens("findings")
    bar = page.locator(".topbar")
    bar.evaluate(FULL)
    readable = {}
    for width in (1440, 1281, 1151, 1000, 820, 390, 360, 320):
        page.set_viewport_size({"width": width, "height": 800})
        readable[width] = bar.evaluate(READABLE)
    assert all(readable.values()), readable


def test_at_four_hundred_percent_the_list_of_the_add_dialog_stays_in_it(opens):
    page = opens("images-empty", viewport={"width": 320, "height": 225})
    page.get_by_role("button", name="Add repository").click()
    field = page.get_by_role("combobox", name="Repository")
    field.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    assert page.get_by_role("dialog").evaluate(INSIDE)
    assert page.get_by_role("listbox").evaluate(BELOW)
    for _ in range(3):
        field.press("ArrowDown")
        expect(page.get_by_role("option", selected=True)).to_be_in_viewport(ratio=0.95)
    page.get_by_role("button", name="Add", exact=True).scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_in_viewport(ratio=0.95)


MANY = """list => {
  for (let at = 0; at < 60; at += 1) list.append(list.firstElementChild.cloneNode(true));
}"""
COVERED = """() => {
  const { left, top, width, height } = document.activeElement.getBoundingClientRect();
  const above = document.elementFromPoint(left + width / 2, top + height / 2);
  return !above || !document.activeElement.closest('label')?.contains(above);
}"""


@pytest.mark.parametrize("width, height", [(1440, 900), (390, 800), (320, 256)])
def test_a_box_that_has_the_focus_is_not_below_the_bar_of_its_list(opens, width, height):
    page = opens("choose", viewport={"width": width, "height": height}, reduced_motion="reduce")
    page.locator(".checks").evaluate(MANY)
    page.get_by_role("checkbox").first.focus()
    covered = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        covered += page.evaluate(COVERED)
    assert covered == 0


def test_paper_has_the_text_dark_on_light_and_nothing_to_press(opens):
    page = opens("images", color_scheme="dark", viewport={"width": 794, "height": 1000})
    page.emulate_media(media="print")
    expect(page.get_by_role("heading", name="web-frontend")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Access")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("search")).to_have_count(0)
    expect(page.locator(".topnav")).to_be_hidden()
    expect(page.locator("summary:visible")).to_have_count(0)  # of what the reader hasn't opened
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
@pytest.mark.parametrize(
    "name", ["history", "findings", "repository", "batch-done", "containers", "images", "sign-ins"]
)
def test_paper_is_wide_enough_for_its_tables(opens, name, locale):
    page = opens(name, viewport={"width": 700, "height": 1000}, locale=locale)  # A4 without its margins
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 700


# The short words that a line break falls into, where no hyphen is.
BROKEN = r"""cells => cells.flatMap(cell => {
  const broken = [], walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    for (const { 0: word, index } of text.data.matchAll(/[^\s-]+/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      const rows = new Set([...range.getClientRects()].map(part => Math.round(part.top)));
      if (word.length < 15 && rows.size > 1) broken.push(word);
    }
  }
  return broken;
})"""


@pytest.mark.parametrize("width, media", [(1440, "screen"), (1200, "screen"), (1101, "screen"), (700, "print")])
def test_no_short_word_of_the_findings_is_broken(opens, width, media):
    page = opens("findings", viewport={"width": width, "height": 900})
    page.emulate_media(media=media)
    assert page.locator(".findings th, .findings td:not(.end) > div > a").evaluate_all(BROKEN) == []


@pytest.mark.parametrize("name", ["add", "remove", "deactivate", "dismiss"])
def test_a_dialog_as_a_page_has_one_edge_and_one_arrow(opens, name):
    page = opens(name, viewport={"width": 390, "height": 844}, java_script_enabled=False)
    assert len({page.locator(f".dialog-page {part}").first.bounding_box()["x"] for part in ("h1", "form p")}) == 1
    expect(page.locator(".combo > svg")).to_be_hidden()


def test_a_long_name_breaks_no_word_beside_it(opens):
    page = opens("repositories", viewport={"width": 1440, "height": 900})
    page.locator(".table tbody th a").first.evaluate("link => { link.textContent = 'a-long-name/'.repeat(20); }")
    assert page.locator(".table td").evaluate_all(BROKEN) == []


# The most lines that the note takes in a table in which nothing was added with Sailpass and every reason is long.
OUTSIDE = """table => {
  const note = table.querySelector('td > div > span.meta').closest('td'), at = note.cellIndex;
  for (const row of table.tBodies[0].rows) row.cells[at].replaceWith(note.cloneNode(true));
  for (const reason of table.querySelectorAll('td p.meta')) reason.textContent = 'Statement #1 allows this. '.repeat(20);
  const lines = text => new Set([...text.getClientRects()].map(part => Math.round(part.top))).size;
  return Math.max(...[...table.querySelectorAll('td > div > span.meta')].map(lines));
}"""


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_what_was_added_outside_sailpass_says_so_in_two_lines_beside_long_reasons(opens, locale):
    page = opens("images", viewport={"width": 1440, "height": 900}, locale=locale)
    assert page.locator(".table.repositories").evaluate(OUTSIDE) in (1, 2)


def test_no_part_of_an_api_path_is_broken_on_a_phone(opens):
    page = opens("api-docs", viewport={"width": 390, "height": 844})
    assert page.locator("h3 code").evaluate_all(BROKEN.replace(r"[^\s-]+", r"[^\s/]+")) == []


def test_paper_has_no_gap_above_a_difference(opens):
    page = opens("operation-done", viewport={"width": 794, "height": 1000})
    page.emulate_media(media="print")
    top = "part => part.getBoundingClientRect().top"
    scroll = page.locator(".diff .scroll").first
    assert scroll.locator("table").evaluate(top) - scroll.evaluate(top) < 2


def test_on_a_phone_no_line_of_a_difference_begins_empty(opens):
    page = opens("operation-done", viewport={"width": 390, "height": 844})
    line = page.locator(".diff tr[data-diff=added] td:last-child").first
    line.evaluate(
        "(cell, text) => { cell.textContent = text; }", f'{" " * 8}"arn:aws:iam::123456789012:role/{"a" * 90}"'
    )
    assert line.evaluate_all(FALL)[0] < 10


def test_nothing_moves_for_who_wants_no_motion(opens):
    moves = "document.getAnimations().length"
    assert opens("containers").evaluate(moves)
    assert not opens("containers", reduced_motion="reduce").evaluate(moves)


# In one go: the label is taken back after two seconds.
LABEL_WHILE_COPIED = """button => new Promise(tell => {
  const label = () => tell(getComputedStyle(button, '::after').content);
  new MutationObserver(label).observe(button, {attributes: true, attributeFilter: ['data-done']});
  button.click();
})"""


def test_a_button_that_copied_says_so(opens):
    page = opens("images-added", permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy image URI with tag 1.8.2")
    assert button.evaluate(LABEL_WHILE_COPIED) == '"Copied"'


def test_details_of_an_operation_open_below_its_line_when_asked_for(opens):
    page = opens("history")
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/operations/" in request.url else None)
    details = page.get_by_role("link", name="Details: Added storefront/web")
    details.click()
    expect(page.get_by_role("group", name="Policy difference of storefront/web")).to_be_visible()
    expect(details).to_have_attribute("aria-expanded", "true")
    details.click()
    expect(page.get_by_role("group", name="Policy difference of storefront/web")).to_be_hidden()
    assert [url.rsplit("/", 1)[1] for url in asked] == ["details"]


@pytest.mark.parametrize(
    "page_name, console",
    [
        ("images", "https://lightsail.aws.amazon.com/ls/webapp/us-east-1/container-services/web-frontend/deployments"),
        (
            "repository",
            "https://us-east-1.console.aws.amazon.com/ecr/repositories/private/123456789012/storefront/web?region=us-east-1",
        ),
    ],
)
@pytest.mark.parametrize("scripts", [True, False])
def test_help_leads_to_the_very_page_of_the_aws_console(opens, page_name, console, scripts):
    page = opens(page_name, java_script_enabled=scripts)
    panel = page.get_by_role("region", name="About this page")
    expect(panel).to_be_hidden()
    page.get_by_role("button", name="Info").click()
    expect(panel.get_by_role("link").first).to_have_attribute("href", console)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


@pytest.mark.parametrize("opening", ["Info", "Details: Added storefront/web"])
def test_what_opens_has_no_violation(opens, opening):
    page = opens("history", reduced_motion="reduce")
    page.get_by_role("button", name=opening).or_(page.get_by_role("link", name=opening)).click()
    expect(
        page.get_by_role("region", name="About this page").or_(page.get_by_role("list", name="Steps"))
    ).to_be_visible()
    page.evaluate(AXE)
    assert violations(page) == []


def stays(route: Route) -> None:
    """The page without its refresh: the one of a running batch would be loaded again while it is looked at."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('http-equiv="refresh"', ""))


def test_without_scripts_no_button_is_dead(opens):
    page = opens("images-added", java_script_enabled=False)
    page.route("**/p/*", stays)
    for name in (
        "images-added",
        "repository",
        "findings",
        "history",
        "batch-running",
        "policy",
        "choose",
        "add-refused",
    ):
        page.goto(f"/p/{name}")
        expect(page.get_by_role("button", name="Info")).to_have_count(0 if name == "add-refused" else 1)
        dead = "button:is([type=button], :not(form *)):not([popovertarget]):visible"
        assert page.locator(dead).evaluate_all("buttons => buttons.map(button => button.outerHTML)") == []
    expect(page.get_by_text("Did you mean:")).to_contain_text("tools/cli")


@pytest.mark.parametrize("width", [700, 960])
@pytest.mark.parametrize("name", ["images", "repository", "who-can-pull", "batch-failed", "why"])
def test_a_reason_has_the_whole_width_beside_no_empty_column(opens, name, width):
    page = opens(name, viewport={"width": width, "height": 900})
    reasons = page.locator(".table td:not(.end) p")
    assert reasons.count()
    assert reasons.evaluate_all(WIDE) == [True] * reasons.count()


# How far each text is from the start of its row.
INDENT = """texts => texts.map(text => {
  const { paddingLeft, borderLeftWidth } = getComputedStyle(text);
  const begins = text.getBoundingClientRect().left + parseFloat(paddingLeft) + parseFloat(borderLeftWidth);
  return Math.round(begins - text.closest('tr').querySelector('th a, th .status').getBoundingClientRect().left);
})"""


@pytest.mark.parametrize("width", [700, 960])
@pytest.mark.parametrize("name", ["service-history", "repository"])
def test_a_quiet_button_that_begins_a_line_is_below_its_name(opens, name, width):
    page = opens(name, viewport={"width": width, "height": 900})
    quiet = page.locator(".table .end .actions > :is(.quiet:first-child, form:first-child > .quiet)")
    assert quiet.count()
    assert quiet.evaluate_all(INDENT) == [0] * quiet.count()
    others = page.locator(".table .end .actions > form:not(:first-child) > .quiet")
    assert not others.evaluate_all("all => all.filter(one => parseFloat(getComputedStyle(one).marginLeft) < 0).length")


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
def test_the_buttons_of_a_repository_are_in_one_line(opens, locale):
    page = opens("images", viewport={"width": 1440, "height": 900}, locale=locale)
    for actions in page.locator(".table .end .actions").all():
        tops = actions.locator(".btn").evaluate_all(
            "all => all.map(one => Math.round(one.getBoundingClientRect().top))"
        )
        assert len(set(tops)) <= 1


PLACEHOLDER_FITS = """field => {
  const { font, paddingLeft, paddingRight } = getComputedStyle(field);
  const pen = Object.assign(document.createElement('canvas').getContext('2d'), { font });
  const room = field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
  return pen.measureText(field.placeholder).width <= room;
}"""


@pytest.mark.parametrize("locale", ["en-US", "ja-JP"])
@pytest.mark.parametrize("width", [700, 820, 1110, 1440])
def test_what_can_be_searched_for_is_not_cut(opens, width, locale):
    page = opens("containers", viewport={"width": width, "height": 900}, locale=locale)
    assert page.locator("form.filters [type=search]").evaluate(PLACEHOLDER_FITS)
