"""Grants and revokes through the API: the same operations that the browser starts."""

import json

import pytest

from tests.api.conftest import HERE

BLOG = "/api/v1/services/us-east-1/legacy-blog"


def policy_text(ready, repository):
    return json.dumps(ready.sandbox.policy(repository)["policy"])


def deactivates(ready, service, **given):
    shown = ready.post(f"{service}/role/deactivate/preview").json
    return ready.post(f"{service}/role/deactivate", {**given, "previewed": shown["previewed"]})


def test_a_grant_adds_the_role_to_the_policy(ready, ended):
    operation = ended(ready.post(f"{HERE}/grants", {"repository": "edge/cache"}))
    assert operation["outcome"] == "succeeded"
    assert ready.get(HERE).json["role"]["principal_arn"] in policy_text(ready, "edge/cache")


def test_the_same_asked_for_twice_is_one_operation(ready, ended):
    ready.sandbox.fault(action="ecr:GetRepositoryPolicy", kind="latency", seconds=0.3, times=1)
    first, second = (ready.post(f"{HERE}/grants", {"repository": "analytics/reports"}) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    assert ended(first)["outcome"] == "succeeded"


def test_a_grant_that_is_there_already_has_nothing_to_do(ready, ended):
    operation = ended(ready.post(f"{HERE}/grants", {"repository": "storefront/nginx-sidecar"}))
    assert operation["outcome"] == "nothing_to_do"


def test_a_revoke_takes_the_role_out_again(ready, ended):
    ended(ready.post(f"{HERE}/grants", {"repository": "analytics/etl"}))
    operation = ended(ready.send("DELETE", f"{HERE}/grants?repository=analytics/etl"))
    assert operation["outcome"] == "succeeded"
    assert "private-repo-access" not in policy_text(ready, "analytics/etl")


def test_a_name_typed_wrongly_is_answered_with_those_like_it(ready):
    answer = ready.post(f"{HERE}/grants", {"repository": "edge/cahce"})
    assert (answer.status, answer.json["code"]) == (404, "repository.not_found")
    assert answer.json["nearest"][0] == "edge/cache"


def test_a_name_that_cannot_be_one_is_refused(ready):
    answer = ready.post(f"{HERE}/grants", {"repository": "No Such Name"})
    assert (answer.status, answer.json["code"]) == (422, "repository.bad_name")


def test_a_preview_shows_the_change_and_changes_nothing(ready):
    before = ready.sandbox.policy("payments/api")
    shown = ready.post(f"{HERE}/preview", {"kind": "grant", "repository": "payments/api"}).json
    assert any(line.startswith("+ ") and "private-repo-access" in line for line in shown["diff"])
    assert shown["calls"][-2]["action"] == "ecr:SetRepositoryPolicy"
    assert ready.sandbox.policy("payments/api") == before


def test_a_preview_says_of_a_policy_that_ecr_refuses_why_and_gives_no_verdict(ready):
    dead = {"Sid": "Gone", "Effect": "Allow", "Principal": {"AWS": "AROAQ3EXAMPLEDEADROLE"}, "Action": "ecr:*"}
    ready.sandbox.put_policy("shared/base-python", {"Version": "2012-10-17", "Statement": [dead]})
    shown = ready.post(f"{HERE}/preview", {"kind": "grant", "repository": "shared/base-python"}).json
    assert (shown["refused"]["code"], shown["access"], shown["reason"]) == ("policy.dead_principals", None, "")
    pruned = ready.post(f"{HERE}/preview", {"kind": "prune", "repository": "shared/base-python"}).json
    assert (pruned["refused"], pruned["principals"]) == (None, ["AROAQ3EXAMPLEDEADROLE"])


def test_what_was_previewed_is_done_or_nothing_is(ready, ended):
    shown = ready.post(f"{HERE}/preview", {"kind": "grant", "repository": "payments/api"}).json
    ready.sandbox.put_policy("payments/api", {"Version": "2008-10-17", "Statement": [SOMEBODY]})
    asked = {"repository": "payments/api", "previewed": shown["previewed"]}
    operation = ended(ready.post(f"{HERE}/grants", asked))
    assert operation["problem"]["code"] == "policy.changed_meanwhile"
    assert "private-repo-access" not in policy_text(ready, "payments/api")


def test_dead_principals_are_taken_out(ready, ended):
    dead = "AROAQ3EXAMPLEDEADROLE"
    statement = {**SOMEBODY, "Principal": {"AWS": [dead, SOMEBODY["Principal"]["AWS"]]}}
    ready.sandbox.put_policy("edge/cache", {"Version": "2008-10-17", "Statement": [statement]})
    shown = ready.post(f"{HERE}/preview", {"kind": "prune", "repository": "edge/cache"}).json
    assert (shown["principals"], shown["doubtful"]) == ([dead], [])
    body = {"repository": "edge/cache", "previewed": shown["previewed"]}
    assert ended(ready.post(f"{HERE}/policy/prune", body))["outcome"] == "succeeded"
    assert dead not in policy_text(ready, "edge/cache")


def test_dead_principals_are_taken_out_although_the_service_is_gone(ready, ended):
    dead = "AROAQ3EXAMPLEDEADROLE"
    statement = {**SOMEBODY, "Principal": {"AWS": dead}}
    ready.sandbox.put_policy("payments/worker", {"Version": "2008-10-17", "Statement": [statement]})
    gone = "/api/v1/services/us-east-1/long-gone"
    shown = ready.post(f"{gone}/preview", {"kind": "prune", "repository": "payments/worker"}).json
    assert shown["after"] is None
    body = {"repository": "payments/worker", "principals": [dead], "previewed": shown["previewed"]}
    assert ended(ready.post(f"{gone}/policy/prune", body))["outcome"] == "succeeded"
    assert ready.sandbox.policy("payments/worker")["policy"] is None


def test_a_pruning_without_a_preview_is_refused(ready):
    body = {"repository": "edge/cache", "principals": ["AROAQ3EXAMPLEDEADROLE"]}
    answer = ready.post(f"{HERE}/policy/prune", body)
    assert (answer.status, answer.json["code"]) == (422, "request.invalid")


def test_what_needs_a_service_is_told_when_it_is_gone(ready):
    for kind in ("grant", "repair"):
        answer = ready.post("/api/v1/services/us-east-1/long-gone/preview", {"kind": kind, "repository": "edge/cache"})
        assert (answer.status, answer.json["code"]) == (404, "service.not_found")


def test_the_role_is_switched_on_and_off(ready, ended):
    assert ended(ready.post(f"{BLOG}/role/activate"))["outcome"] == "succeeded"
    assert ended(ready.post(f"{BLOG}/role/activate"))["outcome"] == "nothing_to_do"
    assert ended(deactivates(ready, BLOG))["outcome"] == "succeeded"


def test_deactivating_can_take_the_statements_along(ready, ended):
    ended(ready.post(f"{BLOG}/grants", {"repository": "shared/base-node"}))
    operation = ended(deactivates(ready, BLOG, remove_statements=True))
    assert operation["outcome"] == "succeeded"
    assert "containers/legacy-blog/" not in policy_text(ready, "shared/base-node")


def test_a_deactivation_does_what_its_preview_shows_or_is_refused(ready, ended):
    assert ready.post(f"{BLOG}/role/deactivate", {"remove_statements": True}).status == 422
    ended(ready.post(f"{BLOG}/grants", {"repository": "shared/base-node"}))
    shown = ready.post(f"{BLOG}/role/deactivate/preview").json
    (item,) = shown["repositories"]
    assert (item["repository"], item["state"]) == ("shared/base-node", "changes")
    assert any(line.startswith("- ") and "AllowLightsailPull-legacy-blog" in line for line in item["diff"])
    outdated = ready.post(f"{BLOG}/role/deactivate", {"remove_statements": True, "previewed": "0" * 32})
    assert (outdated.status, outdated.json["code"]) == (409, "role.preview_outdated")
    # What changes after the last reading is noticed before it is written.
    statements = json.loads(item["before"])["Statement"]
    ready.sandbox.put_policy("shared/base-node", {"Version": "2012-10-17", "Statement": [*statements, SOMEBODY]})
    answer = ready.post(f"{BLOG}/role/deactivate", {"remove_statements": True, "previewed": shown["previewed"]})
    if answer.status == 202:  # else it has just been read again, and was refused at once
        assert ended(answer)["problem"]["code"] == "role.still_named"
    assert ready.get(BLOG).json["role"]["state"] == "active"


def test_a_deactivation_is_undone_by_the_api(ready, ended):
    ended(ready.post(f"{BLOG}/grants", {"repository": "shared/base-node"}))
    off = ended(deactivates(ready, BLOG, remove_statements=True))
    assert off["can_undo"]
    address = f"/api/v1/operations/{off['id']}"
    shown = ready.post(f"{address}/preview", {"kind": "undo"}).json
    assert (shown["kind"], shown["activates"]) == ("reactivate", True)
    assert [item["repository"] for item in shown["repositories"]] == ["shared/base-node"]
    outdated = ready.post(f"{address}/undo", {"previewed": "0" * 32})
    assert (outdated.status, outdated.json["code"]) == (409, "role.preview_outdated")
    undone = ended(ready.post(f"{address}/undo", {"previewed": shown["previewed"]}))
    assert (undone["kind"], undone["outcome"], undone["follows"]) == ("reactivate", "succeeded", off["id"])
    assert ready.get(BLOG).json["role"]["principal_arn"] in policy_text(ready, "shared/base-node")


def test_undoing_a_grant_that_activated_the_role_tells_that_it_stays_on(ready, ended):
    ended(deactivates(ready, BLOG, remove_statements=True))
    granted = ended(ready.post(f"{BLOG}/grants", {"repository": "shared/base-node"}))
    undone = ended(ready.post(f"/api/v1/operations/{granted['id']}/undo"))
    assert ready.get(f"/api/v1/operations/{undone['id']}").json["role_left_on"] is True
    ended(deactivates(ready, BLOG))
    assert ready.get(f"/api/v1/operations/{undone['id']}").json["role_left_on"] is False


def test_a_repair_puts_the_right_role_in_the_place_of_the_wrong_one(ready, ended):
    role = ready.get(HERE).json["role"]
    wrong = {**SOMEBODY, "Principal": {"AWS": role["general_principal_arn"]}}
    ready.sandbox.put_policy("storefront/web", {"Version": "2008-10-17", "Statement": [wrong]})
    operation = ended(ready.post(f"{HERE}/grants/repair", {"repository": "storefront/web"}))
    assert operation["outcome"] == "succeeded"
    assert role["general_principal_arn"] not in policy_text(ready, "storefront/web")


@pytest.mark.parametrize("verb", ["grants/repair", "policy/prune", "preview"])
def test_a_verb_without_a_repository_is_refused(ready, verb):
    answer = ready.post(f"{HERE}/{verb}", {})
    assert (answer.status, answer.json["code"]) == (422, "request.invalid")


SOMEBODY = {
    "Sid": "BuildTeam",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "ecr:BatchGetImage",
}


def test_a_grant_while_the_role_is_being_deactivated_is_a_documented_conflict(ready, ended):
    service = "/api/v1/services/us-east-1/reporting"
    shown = ready.post(f"{service}/role/deactivate/preview").json
    ready.sandbox.fault(action="lightsail:UpdateContainerService", kind="throttle", times=1000)
    started = ready.post(f"{service}/role/deactivate", {"previewed": shown["previewed"]})
    answers = [ready.post(f"{service}/{verb}", {"repository": "tools/cli"}) for verb in ("grants", "grants/repair")]
    ready.post(f"{started.headers['location']}/cancel")
    ready.sandbox.clear_faults()
    ended(started)
    assert [(answer.status, answer.json["code"]) for answer in answers] == [(409, "role.deactivating")] * 2
