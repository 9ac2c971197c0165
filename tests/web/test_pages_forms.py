"""Every form of the real console does what its button says, as a plain form and in the dialog."""

import json
from http.cookies import SimpleCookie

import pytest

from tests.console import console, until
from tests.reader import FORM, Page, Reader

__all__ = ["console"]

PARTIAL = {"HX_Request": "true"}
HERE = "/containers/us-east-1"
PUBLIC = {"Effect": "Allow", "Principal": "*", "Action": "ecr:DescribeImages"}


@pytest.fixture(scope="module")
def mika(console):
    reader = Reader(console)
    reader.knows()
    return reader


@pytest.fixture(scope="module")
def sandbox(console):
    return console.sandbox


def sids(sandbox, repository):
    policy = sandbox.policy(repository)["policy"]
    return [one["Sid"] for one in policy["Statement"]] if policy else []


def test_add_gives_access_and_shows_the_next_steps(mika, sandbox):
    page = mika.ended(mika.adds("tools/cli"))
    assert "storefront-web can now pull images from tools/cli." in page.text
    assert "AllowLightsailPull-storefront-web" in sids(sandbox, "tools/cli")
    onward = page.soup.select_one("a#continue")["href"]
    assert "123456789012.dkr.ecr.us-east-1.amazonaws.com/tools/cli" in mika.reads(onward).text


def test_add_in_the_dialog_answers_with_its_progress(mika):
    answer = mika.console.post(f"{HERE}/storefront-web/repositories", "repository=shared/base-node", **FORM, **PARTIAL)
    page = Page(answer)
    assert page.title == "Adding shared/base-node"
    assert not page.soup.select("html")
    mika.ended(page.operation)


def test_the_dialog_stays_a_dialog_while_it_polls(mika, sandbox):
    sandbox.fault(kind="latency", seconds=1, action="ecr:GetRepositoryPolicy", match={"repository": "analytics/etl"})
    answer = mika.console.post(f"{HERE}/storefront-web/repositories", "repository=analytics/etl", **FORM, **PARTIAL)
    address = Page(answer).operation
    first = mika.reads(f"{address}/progress?seen=0&place=dialog", **PARTIAL)
    assert "place=dialog" in first.soup.select_one(".operation")["hx-get"]
    sandbox.clear_faults()
    mika.ended(address)


def test_a_poll_that_has_the_newest_picture_gets_nothing(mika):
    address = mika.adds("shared/base-python")
    mika.ended(address)
    version = mika.console.get(f"/api/v1{address}").json["version"]
    assert mika.console.get(f"{address}/progress?seen={version}", **PARTIAL).status == 204
    assert mika.console.get(f"{address}/progress?seen={version - 1}", **PARTIAL).status == 200


def test_asking_twice_finds_the_first(mika, sandbox):
    sandbox.options(activation_seconds=1)
    asked = {mika.adds("payments/api", "payments-api") for _ in range(3)}
    assert len(asked) == 1
    assert "payments-api can now pull" in mika.ended(asked.pop()).text
    sandbox.options(activation_seconds=0.05)


def test_remove_takes_access_away(mika, sandbox):
    page = mika.reads(f"{HERE}/storefront-web/repositories/remove?repository=storefront/nginx-sidecar")
    ended = mika.ended(mika.follows(page, "Remove").operation)
    assert "storefront-web can no longer pull images from storefront/nginx-sidecar." in ended.text
    assert sids(sandbox, "storefront/nginx-sidecar") == ["LambdaECRImageRetrievalPolicy"]


def test_repair_names_the_right_role_and_takes_the_wrong_one_out(mika, sandbox):
    page = mika.reads(f"{HERE}/reporting/repositories/repair?repository=analytics/reports")
    ended = mika.ended(mika.follows(page, "Repair access").operation)
    assert "reporting can pull images from analytics/reports again." in ended.text
    service = sandbox.service("reporting")
    policy = json.dumps(sandbox.policy("analytics/reports")["policy"])
    assert service["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"] in policy
    assert service["principalArn"] not in policy


@pytest.mark.parametrize("kind", ["grant", "repair"])
def test_what_ecr_refuses_for_a_dead_principal_is_said_before_and_what_helps_is_offered(mika, kind):
    asked = f"{HERE}/storefront-web/repositories/preview?kind={kind}&repository=payments/worker&place=dialog"
    page = mika.reads(asked, **PARTIAL)
    assert "ECR refuses the policy of payments/worker because it cannot find" in page.text
    assert "After this" not in page.text
    helps = page.soup.select_one("a.primary")
    assert helps.text == "Remove dead principals"
    assert "Remove dead principals?" in mika.reads(helps["href"]).text
    shown = mika.reads(f"{HERE}/storefront-web/policy?repository=payments/worker")
    assert [button.text for button in shown.soup.select("button.primary")] == ["Remove dead principals"]


def test_prune_takes_out_who_exists_no_more(mika, sandbox):
    page = mika.reads(f"{HERE}/storefront-web/repositories/prune?repository=payments/worker")
    ended = mika.ended(mika.follows(page, "Remove dead principals").operation)
    assert "The dead principals were removed from payments/worker." in ended.text
    assert sandbox.policy("payments/worker")["policy"] is None


def test_prune_without_a_preview_is_refused(mika, sandbox):
    before = sandbox.policy("payments/api")
    page = mika.sends(
        f"{HERE}/storefront-web/repositories/prune", repository="payments/api", principal="arn:aws:iam::1:root"
    )
    assert "must be previewed first" in page.text
    assert sandbox.policy("payments/api") == before


def test_a_principal_that_may_exist_is_not_pruned_whatever_a_form_says(mika, sandbox):
    contractor = "arn:aws:iam::123456789012:role/contractor"
    deny = {"Sid": "KeepOut", "Effect": "Deny", "Principal": {"AWS": contractor}, "Action": "ecr:*"}
    sandbox.put_policy("payments/ledger", {"Version": "2012-10-17", "Statement": [deny]})
    path = f"{HERE}/storefront-web/repositories/prune"
    page = mika.reads(f"{path}?repository=payments/ledger&principal={contractor}")
    assert f"they can't be removed as dead: {contractor}" in page.soup.main.get_text()
    form = {"repository": "payments/ledger", "principal": contractor, "previewed": f"payments/ledger {'0' * 32}"}
    mika.ended(mika.sends(path, **form).answer.headers["location"])
    assert sids(sandbox, "payments/ledger") == ["KeepOut"]


def test_undo_takes_back_and_restore_puts_back(mika, sandbox):
    granted = mika.ended(mika.adds("shared/otel-collector", "reporting"))
    before = sids(sandbox, "shared/otel-collector")
    undone = mika.ended(mika.follows(mika.follows(granted, "Undo"), "Undo").operation)
    assert "The change to shared/otel-collector was undone." in undone.text
    asked = mika.follows(undone, "Restore the policy from before: shared/otel-collector")
    mika.ended(mika.follows(asked, "Restore").operation)
    assert sids(sandbox, "shared/otel-collector") == before


def test_the_role_is_activated_and_deactivated_with_its_statements(mika, sandbox):
    asked = mika.reads(f"{HERE}/legacy-blog/role/activate")
    assert "legacy-blog is active." in mika.ended(mika.follows(asked, "Activate").operation).text
    mika.ended(mika.adds("edge/cache", "legacy-blog"))
    asked = until(lambda: mika.reads(f"{HERE}/legacy-blog/role/deactivate"), lambda page: "edge/cache" in page.text)
    change = mika.reads(asked.soup.find("a", string="edge/cache")["href"])
    assert "AllowLightsailPull-legacy-blog" in change.soup.select_one("figure.diff").get_text()
    off = mika.ended(mika.follows(asked, "Deactivate", remove="1").operation)
    assert "legacy-blog is off." in off.text
    assert "AllowLightsailPull-legacy-blog" not in sids(sandbox, "edge/cache")
    undone = mika.ended(mika.follows(mika.follows(off, "Undo"), "Undo").operation)
    assert "legacy-blog is active" in undone.text
    assert "AllowLightsailPull-legacy-blog" in sids(sandbox, "edge/cache")


def seen_in(dialog):
    return dialog.soup.select_one("input[name=previewed]")["value"]


def test_a_deactivation_is_started_as_previewed_or_shown_again(mika, sandbox):
    path = f"{HERE}/storefront-web/role/deactivate"
    mika.knows("us-east-1")
    asked = mika.reads(path)
    assert "Check what this changes, then confirm." in mika.sends(path, remove="1").text
    statements = sandbox.policy("storefront/web")["policy"]["Statement"]
    sandbox.put_policy(
        "storefront/web", {"Version": "2012-10-17", "Statement": [*statements, {"Sid": "New", **PUBLIC}]}
    )
    until(lambda: seen_in(mika.reads(path)), lambda seen: seen != seen_in(asked))  # a policy is read once in 3 s
    again = mika.follows(asked, "Deactivate")
    assert again.status == 422
    assert "Something has changed since the preview." in again.text
    assert sandbox.service("storefront-web")["privateRegistryAccess"]["ecrImagePullerRole"]["isActive"]


def test_undoing_an_add_that_activated_the_role_offers_to_switch_it_off(mika, sandbox):
    mika.ended(mika.follows(mika.reads(f"{HERE}/payments-api/role/deactivate"), "Deactivate").operation)
    granted = mika.ended(mika.adds("edge/cache", "payments-api"))
    asked = mika.follows(granted, "Undo")
    assert "The role stays active" in asked.text
    undone = mika.ended(mika.follows(asked, "Undo").operation)
    assert "is still active" in undone.text
    assert "Deactivate the image puller role?" in mika.follows(undone, "Deactivate role").text


def test_cancel_stops_what_waits(mika, sandbox):
    sandbox.change_service("batch-worker", state="UPDATING")
    page = mika.sees(mika.adds("storefront/web", "batch-worker"), "The service is UPDATING")
    operation = mika.follows(mika.follows(page, "Cancel operation"), "Cancel operation").operation
    cancelled = mika.ended(operation)
    assert "It was cancelled before anything in the repository policy changed." in cancelled.text
    sandbox.change_service("batch-worker", state=None)
    for answer in (mika.reads(f"{operation}/cancel"), mika.sends(f"{operation}/cancel")):
        assert (answer.status, "This operation has ended." in answer.text) == (409, True)
    assert "batch-worker can now pull" in mika.ended(mika.follows(cancelled, "Retry").operation).text


@pytest.mark.parametrize("verb", ["retry", "undo", "restore"])
def test_what_cannot_be_done_to_an_operation_is_refused_in_words(mika, verb):
    assert mika.sends(f"/operations/nobody/{verb}").status == 404
    mika.ended(mika.adds("storefront/web"))
    done = mika.adds("storefront/web")
    assert "already" in mika.ended(done).text
    assert mika.sends(f"{done}/{verb}").status == 409


def test_the_history_of_a_service_is_filtered_and_taken_along_for_itself(mika):
    for service in ("storefront-web", "reporting"):
        mika.ended(mika.adds("tools/cli", service))
    page = mika.reads(f"{HERE}/storefront-web/history")
    found = mika.follows(page, "Filter", repository="tools/cli", kind="grant")
    lines = [row.get_text() for row in found.soup.select("tbody tr:has(th)")]
    assert lines
    assert all("tools/cli" in text for text in lines)
    table = mika.console.get(found.soup.find("a", string="CSV")["href"]).text.splitlines()
    assert len(table) == 1 + len(lines)
    assert "No operations match the filter" in mika.follows(page, "Filter", person="nobody").text
    assert found.soup.find("a", string="Clear")["href"] == f"{HERE}/storefront-web/history"


def test_permissions_are_checked_by_a_button(mika):
    page = mika.follows(mika.reads("/permissions"), "Check permissions")
    assert "No permission is missing." in page.text


def test_language_and_theme_are_kept_in_cookies(mika):
    answer = mika.sends("/preferences", next="/history", language="ja", theme="dark").answer
    assert (answer.status, answer.headers["location"]) == (303, "/history")
    assert "HttpOnly" in answer.headers["set-cookie"]
    page = mika.reads("/history", Cookie="sailpass_language=ja; sailpass_theme=dark")
    assert page.soup.html["lang"] == "ja"
    assert page.soup.html["data-theme"] == "dark"


def test_the_shortcut_of_one_character_is_turned_off_and_on(mika):
    off = mika.sends("/preferences", next="/history", keys="off").answer
    assert "sailpass_keys=off" in off.headers["set-cookie"]
    assert mika.reads("/history").soup.select("#site-q[aria-keyshortcuts]")
    assert not mika.reads("/history", Cookie="sailpass_keys=off").soup.select("#site-q[aria-keyshortcuts]")
    assert 'sailpass_keys=""' in mika.sends("/preferences", keys="on").answer.headers["set-cookie"]


@pytest.mark.parametrize("next_", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_away_to_another_site(mika, next_):
    assert mika.sends("/preferences", next=next_).answer.headers["location"] == "/"


def test_what_is_not_offered_as_a_preference_is_not_kept(mika):
    answer = mika.sends("/preferences", language="xx", theme="pink").answer
    assert "pink" not in str(SimpleCookie(answer.headers.get("set-cookie", "")))


@pytest.mark.parametrize("verb", ["", "/repair", "/remove"])
def test_a_preview_of_another_repository_is_refused_and_both_are_named(mika, sandbox, verb):
    before = sandbox.policy("payments/worker")
    asked = f"{HERE}/storefront-web/repositories/preview?kind=grant&repository=shared/base-node"
    seen = mika.reads(asked).soup.select_one("input[name=previewed]")["value"]
    page = mika.sends(f"{HERE}/storefront-web/repositories{verb}", repository="payments/worker", previewed=seen)
    assert page.status == 422
    assert "shared/base-node" in page.text
    assert "payments/worker" in page.text
    assert "Nothing was changed" in page.text
    assert sandbox.policy("payments/worker") == before


def test_access_that_somebody_else_took_away_is_in_the_history_and_is_repaired_there(mika, sandbox):
    mika.ended(mika.removes("shared/base-python"))  # another test may have added it
    before = sandbox.policy("shared/base-python")["policy"]
    mika.ended(mika.adds("shared/base-python"))
    sandbox.put_policy("shared/base-python", before)

    def detected():
        mika.reads(f"{HERE}/storefront-web/policy?repository=shared/base-python")
        return mika.reads("/history?kind=drift&outcome=seen")

    history = until(detected, lambda page: "Access removed outside Sailpass: shared/base-python" in page.text)
    assert len(history.soup.select("tbody tr:has(th)")) == 1
    entry = mika.reads(history.soup.select_one("tbody th a")["href"])
    assert "no longer names the image puller role of storefront-web" in entry.text
    assert "Change detected at" in entry.text
    assert not {"Undo", "Retry", "Cancel operation", "Restore the policy from before"} & set(
        entry.soup.stripped_strings
    )
    mika.ended(mika.follows(mika.follows(entry, "Repair access of shared/base-python"), "Repair access").operation)
    mika.ended(mika.removes("shared/base-python"))


def test_access_that_somebody_else_took_away_stays_listed_and_is_repaired(mika, sandbox):
    mika.ended(mika.removes("shared/base-python"))  # another test may have added it
    before = sandbox.policy("shared/base-python")["policy"]
    mika.ended(mika.adds("shared/base-python"))
    sandbox.put_policy("shared/base-python", before)
    images = f"{HERE}/storefront-web/images"
    mika.reads(f"{HERE}/storefront-web/policy?repository=shared/base-python")
    page = until(lambda: mika.reads(images), lambda page: "removed outside Sailpass" in page.text)
    mika.ended(mika.follows(mika.follows(page, "Repair access of shared/base-python"), "Repair access").operation)
    assert "removed outside Sailpass" not in mika.reads(images).text
    mika.ended(mika.removes("shared/base-python"))
    assert "shared/base-python" not in mika.reads(images).text


def test_an_outdated_preview_of_an_add_is_refused_with_both_shown_and_then_confirmed(mika, sandbox):
    path, other = f"{HERE}/storefront-web/repositories", {"Sid": "Other", **PUBLIC}
    sandbox.put_policy("analytics/etl", None)
    shown = mika.follows(mika.reads(f"{path}/new"), "Show preview", repository="analytics/etl")
    assert "AllowLightsailPull-storefront-web" in shown.soup.select_one("figure.diff").get_text()
    sandbox.put_policy("analytics/etl", {"Version": "2012-10-17", "Statement": [other]})
    refused = mika.follows(shown, "Add")
    assert (refused.status, sandbox.policy("analytics/etl")["policy"]["Statement"]) == (422, [other])
    assert "The preview of analytics/etl is out of date. Nothing was changed." in refused.text
    earlier, now = refused.soup.select("figure.diff")
    assert ("Version" in earlier.get_text(), "Version" in now.get_text()) == (True, False)  # a new policy, then a merge
    mika.ended(mika.follows(refused, "Add").operation)
    assert sids(sandbox, "analytics/etl") == ["Other", "AllowLightsailPull-storefront-web"]
    sandbox.put_policy("analytics/etl", None)


def test_an_add_that_is_no_longer_possible_starts_nothing_and_says_why(mika, sandbox):
    """The operation would activate the role before it found out."""
    path = f"{HERE}/batch-worker/repositories"
    sandbox.put_policy("analytics/etl", None)
    shown = mika.follows(mika.reads(f"{path}/new"), "Show preview", repository="analytics/etl")
    sandbox.put_policy("analytics/etl", "{not JSON")
    operations = mika.console.get("/api/v1/operations").json["operations"]
    refused = mika.follows(shown, "Add")
    sandbox.put_policy("analytics/etl", None)
    assert refused.status == 422
    assert "The preview of analytics/etl is out of date. Nothing was changed." in refused.text
    assert "isn't valid JSON" in refused.text
    assert mika.console.get("/api/v1/operations").json["operations"] == operations


def test_a_preview_is_not_called_outdated_while_aws_cannot_be_read(mika, sandbox):
    """It stays in view, and an Add starts: the operation compares again before it writes."""
    sandbox.put_policy("analytics/etl", None)
    dialog = mika.reads(f"{HERE}/storefront-web/repositories/new")
    shown = mika.follows(dialog, "Show preview", repository="analytics/etl")
    sandbox.fault(kind="access_denied", action="ecr:GetRepositoryPolicy", match={"repository": "analytics/etl"})
    asked = f"{HERE}/storefront-web/repositories/preview?kind=grant&repository=analytics/etl&seen={'0' * 32}"
    assert mika.console.get(asked, **PARTIAL).status == 204
    assert "not authorized" in mika.ended(mika.follows(shown, "Add").operation).text
    sandbox.clear_faults()
    renewed = mika.reads(asked, **PARTIAL).text
    assert "Something has changed since the preview." in renewed


def test_a_preview_that_a_form_makes_up_is_not_shown_again(mika):
    form = {"repository": "analytics/etl", "previewed": f"analytics/etl {'0' * 32}", "previewed_before": "{}"}
    page = mika.sends(f"{HERE}/storefront-web/repositories", **form)
    assert "The preview of analytics/etl can't be shown again." in page.text
    assert len(page.soup.select("figure.diff")) == 1


def test_a_filter_takes_as_much_as_its_field(mika):
    many = f"{HERE}/storefront-web/repositories/many"
    fields = [
        ("/containers", "q"),
        ("/repositories", "q"),
        ("/findings", "q"),
        ("/history", "service"),
        (many, "match"),
    ]
    for address, name in [*fields, ("/history", "repository"), ("/history", "person")]:
        field = mika.reads(address).soup.select_one(f"main input[name={name}]:not([type=hidden])")
        typed = "x" * int(field.get("maxlength", 1000))
        page = mika.reads(f"{address}?{name}={typed}")
        kept = page.soup.select_one(f"main input[name={name}]:not([type=hidden])")["value"]
        assert len(kept) >= 100, address
        assert typed.startswith(kept), address
