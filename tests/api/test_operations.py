"""Operations through the API: watched, listed, retried, cancelled, undone, restored."""

import pytest

from tests.api.conftest import HERE

UNKNOWN = "/api/v1/operations/00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def granted(ready, ended):
    """A grant that was made."""
    return ended(ready.post(f"{HERE}/grants", {"repository": "tools/cli"}))


def test_an_operation_is_told_with_its_steps_and_what_it_changed(ready, granted):
    told = ready.get(f"/api/v1/operations/{granted['id']}").json
    assert {step["state"] for step in told["steps"]} <= {"succeeded", "skipped"}
    assert [change["repository"] for change in told["changes"]] == ["tools/cli"]
    assert told["ending"] == "storefront-web can now pull images from tools/cli."


def test_a_wait_ends_as_soon_as_the_operation_changes(ready, ended):
    ready.sandbox.fault(action="ecr:GetRepositoryPolicy", kind="latency", seconds=0.5, times=1)
    answer = ready.post(f"{HERE}/grants", {"repository": "payments/worker"})
    address, seen = answer.headers["location"], answer.json["version"]
    assert ready.get(f"{address}?seen={seen}&wait=4").json["version"] > seen
    ended(answer)


def test_a_wait_for_what_never_changes_ends_too(ready, granted):
    told = ready.get(f"/api/v1/operations/{granted['id']}?seen={granted['version']}&wait=0.2")
    assert told.json["version"] == granted["version"]


def test_operations_are_listed_newest_first_and_page_by_page(ready, granted, ended):
    ended(ready.send("DELETE", f"{HERE}/grants?repository=edge/cache"))
    first = ready.get("/api/v1/operations?limit=1").json
    second = ready.get(f"/api/v1/operations?limit=1&cursor={first['next']}").json
    times = [page["operations"][0]["asked_at"] for page in (first, second)]
    assert times == sorted(times, reverse=True)
    assert first["operations"][0]["id"] != second["operations"][0]["id"]


def test_operations_are_filtered(ready, granted):
    found = ready.get("/api/v1/operations?kind=grant&repository=cli&outcome=succeeded&person=local").json
    assert [one["id"] for one in found["operations"]] == [granted["id"]]
    assert ready.get("/api/v1/operations?until=2020-01-01T00:00:00").json["operations"] == []


def test_a_failed_operation_is_tried_again(ready, ended):
    ready.sandbox.fault(action="ecr:SetRepositoryPolicy", kind="access_denied", times=1)
    failed = ended(ready.post(f"{HERE}/grants", {"repository": "shared/base-python"}))
    again = ended(ready.post(f"/api/v1/operations/{failed['id']}/retry"))
    assert (failed["outcome"], again["outcome"]) == ("failed", "succeeded")
    assert failed["problem"]["code"] == "aws.access_denied"


def test_a_waiting_operation_is_cancelled(ready, ended):
    ready.sandbox.options(activation_seconds=600)
    answer = ready.post("/api/v1/services/us-east-1/payments-api/role/activate")
    ready.post(f"{answer.headers['location']}/cancel")
    ready.sandbox.options(activation_seconds=0.05)
    assert ended(answer)["outcome"] == "cancelled"


def test_what_has_ended_cannot_be_cancelled(ready, granted):
    answer = ready.post(f"/api/v1/operations/{granted['id']}/cancel")
    assert (answer.status, answer.json["code"]) == (409, "operation.ended")


def test_an_undo_takes_back_what_a_grant_did(ready, ended):
    before = ready.sandbox.policy("analytics/reports")["policy"]
    granted = ended(ready.post(f"{HERE}/grants", {"repository": "analytics/reports"}))
    # Slower than a page may wait for.
    ready.sandbox.fault(action="ecr:GetRepositoryPolicy", kind="latency", seconds=2.5, times=1)
    shown = ready.post(f"/api/v1/operations/{granted['id']}/preview", {"kind": "undo"}).json
    undone = ended(ready.post(f"/api/v1/operations/{granted['id']}/undo", {"previewed": shown["previewed"]}))
    assert undone["outcome"] == "succeeded"
    assert ready.sandbox.policy("analytics/reports")["policy"] == before


def test_a_restore_puts_back_the_policy_from_before(ready, ended):
    before = ready.sandbox.policy("payments/api")["policy"]
    granted = ended(ready.post(f"{HERE}/grants", {"repository": "payments/api"}))
    address = f"/api/v1/operations/{granted['id']}"
    assert ready.post(f"{address}/restore").status == 422
    shown = ready.post(f"{address}/preview", {"kind": "restore"}).json
    restored = ended(ready.post(f"{address}/restore", {"previewed": shown["previewed"]}))
    assert restored["outcome"] == "succeeded"
    assert ready.sandbox.policy("payments/api")["policy"] == before


@pytest.mark.parametrize("verb", ["retry", "cancel", "undo", "restore"])
def test_nothing_can_be_done_about_an_operation_that_never_was(ready, verb):
    answer = ready.post(f"{UNKNOWN}/{verb}", {"previewed": "0" * 32} if verb == "restore" else None)
    assert (answer.status, answer.json["code"]) == (404, "operation.not_found")


def test_what_changed_nothing_cannot_be_undone(ready, ended):
    idle = ended(ready.post(f"{HERE}/grants", {"repository": "storefront/nginx-sidecar"}))
    answer = ready.post(f"/api/v1/operations/{idle['id']}/undo")
    assert (answer.status, answer.json["code"]) == (409, "operation.nothing_to_undo")


@pytest.mark.parametrize("cursor", ["tomorrow", "0001-01-01T00:00:00%2B14:00~x"])
def test_a_cursor_that_no_page_gave_is_refused(ready, cursor):
    answer = ready.get(f"/api/v1/operations?cursor={cursor}")
    assert (answer.status, answer.json["code"]) == (400, "request.bad_cursor")
