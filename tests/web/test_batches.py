"""Many repositories at once, as a reader without scripts does it."""

import json
from urllib.parse import urlencode

import pytest

from tests.console import console, until
from tests.reader import FORM, Page, Reader

__all__ = ["console"]

MANY = "/containers/us-east-1/storefront-web/repositories/many"
UNKNOWN = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def mika(console):
    reader = Reader(console)
    reader.knows()
    until(
        lambda: console.get("/api/v1/services/us-east-1/storefront-web/repositories").json["policies"],
        lambda policies: policies["total"] and policies["read"] == policies["total"],
    )
    return reader


def fields(form) -> list[tuple[str, str]]:
    return [(field["name"], field["value"]) for field in form.select("input[type=hidden]")]


def sends(mika, path: str, values: list[tuple[str, str]]):
    return mika.console.post(path, urlencode(values), **FORM)


def chosen(mika, address: str, *names: str, everything: bool = False) -> Page:
    """The preview of what is ticked on the list."""
    form = mika.reads(address).soup.select_one("form[data-choose]")
    ticked = [("everything", "1")] if everything else [("repository", name) for name in names]
    return Page(sends(mika, form["action"], [*fields(form), *ticked]))


def started(mika, preview: Page):
    """The answer to the preview's button."""
    answer = sends(mika, "/batches", fields(preview.soup.select_one("form[action='/batches']")))
    if answer.status != 409:
        return answer
    # The background reader has learnt something since: a reader confirms what is shown now.
    return sends(mika, "/batches", fields(Page(answer).soup.select_one("form[action='/batches']")))


def ended(mika, answer) -> Page:
    assert answer.status == 303, answer.text
    address = answer.headers["location"]
    return until(lambda: mika.reads(address), lambda page: not page.soup.select("#batch[aria-busy]"))


def names_service(mika, repository: str) -> bool:
    policy = mika.console.sandbox.policy(repository)["policy"]
    return "/storefront-web/private-repo-access" in json.dumps(policy)


def test_ticked_repositories_are_previewed_added_and_undone(mika):
    preview = chosen(mika, MANY, "edge/cache", "tools/cli")
    assert [button.get_text() for button in preview.soup.select("form[action='/batches'] button")] == [
        "Add 2 repositories"
    ]
    page = ended(mika, started(mika, preview))
    assert page.soup.select_one("h1").get_text() == "Repositories added"
    assert names_service(mika, "edge/cache")
    assert names_service(mika, "tools/cli")
    address = page.soup.select_one("form[action$='/undo']")["action"]
    assert "Undo this batch?" in mika.reads(address).text
    undone = ended(mika, sends(mika, address, []))
    assert undone.soup.select_one("h1").get_text() == "Batch undone"
    assert not names_service(mika, "edge/cache")


def test_undoing_a_batch_that_activated_the_role_offers_to_switch_it_off(mika):
    many = MANY.replace("storefront-web", "legacy-blog")
    page = ended(mika, started(mika, chosen(mika, many, "edge/cache", "tools/cli")))
    address = page.soup.select_one("form[action$='/undo']")["action"]
    asked = mika.reads(address)
    assert [name.get_text() for name in asked.soup.select(".names li")] == ["legacy-blog (us-east-1)"]
    assert "They stay active" in asked.text
    undone = ended(mika, sends(mika, address, []))
    assert "are still active" in undone.text
    assert "Deactivate the image puller role?" in mika.follows(undone, "Deactivate role of legacy-blog").text


def test_all_that_match_are_taken_at_once(mika):
    added = ended(mika, started(mika, chosen(mika, f"{MANY}?match=analytics/*", everything=True)))
    assert len(added.soup.select("tbody tr")) == 2
    taken = ended(mika, started(mika, chosen(mika, f"{MANY}?action=revoke&match=analytics", everything=True)))
    assert taken.soup.select_one("h1").get_text() == "Repositories removed"
    assert not names_service(mika, "analytics/etl")


def test_what_would_be_refused_is_told_and_left_out(mika):
    preview = chosen(mika, MANY, "payments/ledger", "tools/cli")
    assert "1 repository would be refused and is left out." in preview.text
    assert "QuarantinedUntilPatched" in preview.text
    page = ended(mika, started(mika, preview))
    assert [row.get_text() for row in page.soup.select("tbody th")] == ["tools/cli"]


def test_what_failed_is_shown_and_retried(mika):
    sandbox = mika.console.sandbox
    sandbox.fault(kind="access_denied", action="ecr:SetRepositoryPolicy", match={"repository": "shared/base-node"})
    page = ended(mika, started(mika, chosen(mika, MANY, "shared/base-node", "shared/base-python")))
    assert page.soup.select_one("h1").get_text() == "Not all repositories were added"
    assert "do not allow ecr:SetRepositoryPolicy" in page.text
    sandbox.clear_faults()
    again = ended(mika, sends(mika, page.soup.select_one("form[action$='/retry']")["action"], []))
    assert [row.get_text() for row in again.soup.select("tbody th")] == ["shared/base-node"]
    assert names_service(mika, "shared/base-node")
    before = mika.reads(again.soup.select_one("a:-soup-contains('Previous batch')")["href"])
    assert before.soup.select_one("form[action$='/retry']") is None
    following = mika.reads(before.soup.select_one("a:-soup-contains('Next batch')")["href"])
    assert [row.get_text() for row in following.soup.select("tbody th")] == ["shared/base-node"]


def test_a_preview_that_no_longer_holds_is_shown_again_and_starts_nothing(mika):
    preview = chosen(mika, MANY, "payments/api")
    values = [(name, "0" * 32 if name == "seen" else value) for name, value in fields(preview.soup.select_one("form[action='/batches']"))]  # fmt: skip
    answer = sends(mika, "/batches", values)
    assert answer.status == 409
    assert "Something has changed since the preview." in Page(answer).text
    assert not names_service(mika, "payments/api")


def test_nothing_ticked_comes_back_with_the_list(mika):
    page = chosen(mika, MANY)
    assert page.answer.status == 422
    assert "The batch names no repository." in page.text
    assert page.soup.select("input[name=repository]")


def test_the_history_has_a_batch_as_one_line_with_the_way_to_it(mika):
    page = ended(mika, started(mika, chosen(mika, MANY, "edge/cache")))
    batch = page.soup.select_one("form[action$='/undo']")["action"].removesuffix("/undo")
    lines = mika.reads("/history").soup.select(".history th[scope=row] a")
    assert lines[0]["href"] == batch
    assert lines[0].get_text() == "Add 1 repository"
    assert not [line for line in lines if line["href"].startswith("/operations/")]
    of_repository = mika.reads("/history?repository=edge/cache").soup.select(".history th[scope=row] a")
    assert of_repository[0].get_text() == "Add repository: edge/cache"
    page = mika.reads("/repositories/us-east-1/edge/cache").soup
    all_operations = page.select_one("a[href^='/history?']")["href"]
    assert mika.reads(all_operations).soup.select(".history th[scope=row] a") == of_repository
    assert mika.reads(all_operations.replace("edge", "dge")).soup.select(".history th[scope=row] a") == []
    assert mika.reads(all_operations.replace("us-east-1", "eu-central-1")).soup.select(".history th[scope=row] a") == []


def test_an_item_leads_back_to_its_batch(mika):
    page = ended(mika, started(mika, chosen(mika, f"{MANY}?action=revoke", "edge/cache")))
    item = mika.reads(page.soup.select_one("tbody th a")["href"])
    assert item.soup.select_one(".kv a[href^='/batches/']")


def test_a_poll_that_brings_nothing_new_says_204(mika):
    page = ended(mika, started(mika, chosen(mika, MANY, "edge/cache")))
    address = page.soup.select_one("form[action$='/undo']")["action"].removesuffix("/undo")
    version = mika.console.get(f"/api/v1{address}").json["version"]
    assert mika.console.send("GET", f"{address}?seen={version}", HX_Request="true").status == 204


def test_an_unknown_batch_is_not_found(mika):
    assert mika.console.get(f"/batches/{UNKNOWN}").status == 404
    assert mika.console.get("/batches/%3Cscript%3E").status == 404


def test_the_poll_of_a_batch_that_is_no_longer_known_ends(mika):
    polled = mika.console.send("GET", f"/batches/{UNKNOWN}", HX_Request="true")
    assert polled.status == 404
    assert '<hx-partial hx-target="#batch"' in polled.text
    assert "every " not in polled.text
