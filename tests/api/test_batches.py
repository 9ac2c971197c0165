"""Many repositories at once through the API."""

import json

import pytest

from tests.api.conftest import REGION, SERVICE

SERVICES = [{"region": REGION, "name": SERVICE}]
UNKNOWN = "01900000-0000-7000-8000-000000000000"


def body(action="grant", **more):
    return {"action": action, "services": SERVICES, **more}


@pytest.fixture
def batch_ended(ready):
    """Wait for a batch by its answer, as a program does: the batch as it ended, with its items."""

    def wait(answer):
        assert answer.status == 202, answer.text
        batch = answer.json
        while batch["ended_at"] is None:
            batch = ready.get(f"{answer.headers['location']}?seen={batch['version']}&wait=4").json
        return ready.get(answer.headers["location"]).json

    return wait


def names_role(ready, repository):
    return f"/{SERVICE}/private-repo-access" in json.dumps(ready.sandbox.policy(repository)["policy"])


def test_a_batch_gives_access_and_its_undo_takes_it_back(ready, batch_ended):
    names = ["payments/api", "edge/cache", "analytics/etl"]
    batch = batch_ended(ready.post("/api/v1/batches", body(repositories=names)))
    assert (batch["action"], batch["total"], batch["done"]) == ("grant", len(names), len(names))
    assert [item["repository"] for item in batch["items"]] == names
    assert all(names_role(ready, name) for name in names)
    undone = batch_ended(ready.post(f"/api/v1/batches/{batch['id']}/undo"))
    assert (undone["action"], undone["follows"]) == ("undo", batch["id"])
    assert undone["counts"]["succeeded"] == batch["counts"]["succeeded"]
    page = f"/batches/{batch['id']}"
    assert (batch["can_undo"], undone["can_undo"]) == (True, True)
    assert not ready.get(f"/api/v1{page}").json["can_undo"]
    assert "Undo all" not in ready.get(page).text
    assert ready.get(f"{page}/undo").status == 409
    refused = ready.post(f"/api/v1{page}/undo")
    assert (refused.status, refused.json["code"]) == (409, "batch.undone")


def test_repositories_and_a_pattern_are_refused_in_plain_words(ready):
    for more in ({}, {"repositories": ["edge/cache"], "match": "team/*"}):
        refused = ready.post("/api/v1/batches", body(**more))
        assert (refused.status, refused.json["params"]["why"]) == (422, "give either repositories or match")


def test_the_undo_of_a_batch_that_activated_the_role_tells_that_it_stays_on(ready, batch_ended, ended):
    blog = {"region": REGION, "name": "legacy-blog"}
    batch = batch_ended(ready.post("/api/v1/batches", body(services=[blog], repositories=["edge/cache", "tools/cli"])))
    assert batch["roles_left_on"] == [f"{REGION}/legacy-blog"]
    undone = batch_ended(ready.post(f"/api/v1/batches/{batch['id']}/undo"))
    assert undone["roles_left_on"] == [f"{REGION}/legacy-blog"]
    role = f"/api/v1/services/{REGION}/legacy-blog/role/deactivate"
    ended(ready.post(role, {"previewed": ready.post(f"{role}/preview").json["previewed"]}))
    assert ready.get(f"/api/v1/batches/{undone['id']}").json["roles_left_on"] == []


def test_a_pattern_is_worked_out_on_the_server(ready, batch_ended):
    batch = batch_ended(ready.post("/api/v1/batches", body(match="analytics/*")))
    assert {item["repository"].split("/")[0] for item in batch["items"]} == {"analytics"}
    taken = batch_ended(ready.post("/api/v1/batches", body("revoke", match="analytics/*")))
    assert taken["counts"] == {"succeeded": taken["total"]}
    assert not names_role(ready, taken["items"][0]["repository"])


def test_what_failed_is_told_and_retried(ready, batch_ended):
    batch = batch_ended(ready.post("/api/v1/batches", body(repositories=["no/such", "edge/cache"])))
    assert batch["counts"]["failed"] == 1
    failed = ready.get(f"/api/v1/batches/{batch['id']}?state=failed").json["items"]
    assert [(item["repository"], item["problem"]["code"]) for item in failed] == [("no/such", "repository.not_found")]
    again = batch_ended(ready.post(f"/api/v1/batches/{batch['id']}/retry"))
    assert ([item["repository"] for item in again["items"]], again["follows"]) == (["no/such"], batch["id"])
    retried = ready.get(f"/api/v1/batches/{batch['id']}").json
    assert (retried["can_retry"], retried["retried_by"]) == (False, again["id"])
    assert ready.post(f"/api/v1/batches/{batch['id']}/retry").json["id"] == again["id"]
    assert again["can_retry"] is True  # it failed again


def test_items_come_by_page(ready, batch_ended):
    batch = batch_ended(ready.post("/api/v1/batches", body(match="*")))
    address, found, after = f"/api/v1/batches/{batch['id']}?limit=3", [], 0
    while after is not None:
        page = ready.get(f"{address}&after={after}").json
        found, after = found + page["items"], page["next"]
    assert len({item["id"] for item in found}) == len(found) == batch["total"]


def test_a_preview_counts_and_changes_nothing(ready):
    before = ready.sandbox.policy("edge/cache")
    shown = ready.post("/api/v1/batches/preview", body("revoke", repositories=["edge/cache", "no/such"])).json
    assert shown["total"] == 2 == sum(shown[state] for state in ("changes", "unchanged", "refused", "unread"))
    assert {item["repository"]: item["state"] for item in shown["items"]}["no/such"] == "unread"
    assert ready.sandbox.policy("edge/cache") == before


def test_a_cancel_is_accepted_until_the_batch_has_ended(ready, batch_ended):
    ready.sandbox.fault(action="ecr:GetRepositoryPolicy", kind="latency", seconds=1, match={"repository": "edge/cache"})
    answer = ready.post("/api/v1/batches", body(repositories=["edge/cache"]))
    address = f"{answer.headers['location']}/cancel"
    assert ready.post(address).status == 202
    ready.sandbox.clear_faults()
    batch = batch_ended(answer)
    refused = ready.post(address)
    assert (refused.status, refused.json["code"]) == (409, "batch.ended")
    assert ready.get(answer.headers["location"]).json["counts"] == batch["counts"]


@pytest.mark.parametrize(
    "sent",
    [
        body(),
        body(repositories=["a/b"], match="a/*"),
        body(repositories=[]),
        body("restore", repositories=["a/b"]),
        body(repositories=["a/b"], mtach="a"),
        {**body(match="*"), "services": []},
        {**body(match="*"), "services": [{"region": REGION, "name": "Not A Name"}]},
        body(repositories=["Not A Name"]),
        body(match="no-such-*"),
    ],
)
def test_what_cannot_be_is_refused(ready, sent):
    assert ready.post("/api/v1/batches", sent).status == 422


def test_an_unknown_service_region_and_batch_are_not_found(ready):
    gone = {**body(match="*"), "services": [{"region": REGION, "name": "nobody"}]}
    elsewhere = {**body(match="*"), "services": [{"region": "xx-north-1", "name": SERVICE}]}
    assert ready.post("/api/v1/batches", gone).json["code"] == "service.not_found"
    assert ready.post("/api/v1/batches", elsewhere).json["code"] == "region.not_configured"
    assert ready.get(f"/api/v1/batches/{UNKNOWN}").json["code"] == "batch.not_found"
