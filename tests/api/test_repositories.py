"""All repositories, one of them, from where a principal can pull, and findings, as programs read them."""

import pytest

from tests.api.conftest import REGION
from tests.console import until

FINDINGS = "/api/v1/findings"


@pytest.fixture(scope="module")
def known(ready):
    """The console once every policy has been read and judged."""
    until(lambda: ready.get(FINDINGS).json["coverage"], lambda coverage: coverage["whole"])
    return ready


def finding(console, code, **query):
    text = "&".join(f"{name}={value}" for name, value in query.items())
    found = console.get(f"{FINDINGS}?{text}").json["findings"]
    return next((one for one in found if one["code"] == code), None)


def test_repositories_are_listed_page_by_page_with_who_can_pull(known):
    first = known.get("/api/v1/repositories?limit=3").json
    second = known.get(f"/api/v1/repositories?limit=200&cursor={first['next']}").json
    names = [one["name"] for page in (first, second) for one in page["repositories"]]
    assert names == sorted(names)
    assert second["next"] is None
    assert sum(first["counts"].values()) == len(names)
    web = next(one for one in second["repositories"] if one["name"] == "storefront/web")
    assert web["can_pull"]["services"] == ["storefront-web"]
    assert 0 < web["policy_size"] < web["policy_limit"]


def test_repositories_are_filtered_by_name_region_and_state(known):
    found = known.get("/api/v1/repositories?q=TOKYO&region=ap-northeast-1&state=findings").json["repositories"]
    assert [one["name"] for one in found] == ["tokyo/inbox", "tokyo/legacy"]
    assert known.get("/api/v1/repositories?state=odd").status == 422
    assert known.get("/api/v1/repositories?cursor=odd").json["code"] == "request.bad_cursor"


def test_a_repository_is_told_with_its_services_principals_and_findings(known):
    told = known.get(f"/api/v1/repositories/{REGION}/analytics/reports").json
    assert [(row["service"], row["access"]["access"]) for row in told["services"]] == [("reporting", "wrong_role")]
    assert "storefront-web" in told["other_services"]
    assert [one["code"] for one in told["findings"]] == ["finding.general_role"]
    assert told["principals"][0]["allowed"] is False
    assert known.get(f"/api/v1/repositories/{REGION}/no/such").json["code"] == "repository.not_found"
    assert known.get("/api/v1/repositories/eu-west-3/no/such").json["code"] == "region.not_configured"


def test_findings_are_filtered_and_name_their_repair(known):
    wrong = finding(known, "finding.general_role", repository="analytics/reports")
    assert (wrong["severity"], wrong["repair"], wrong["repair_service"]) == ("error", "repair", "reporting")
    assert "reporting" in wrong["what"]
    assert wrong["todo"].startswith("Choose Repair access.")
    found = known.get(f"{FINDINGS}?severity=info").json
    assert {one["severity"] for one in found["findings"]} == {"info"}
    assert found["counts"]["error"] > 0


def test_a_finding_is_dismissed_with_a_reason_and_shown_again(known):
    opened = finding(known, "finding.everyone_pushes", q="inbox")
    answer = known.post(f"{FINDINGS}/{opened['id']}/dismiss", {"reason": "An inbox for partners", "days": 30})
    assert answer.json["dismissal"]["reason"] == "An inbox for partners"
    assert finding(known, "finding.everyone_pushes", q="inbox") is None
    assert finding(known, "finding.everyone_pushes", q="inbox", dismissed="true") is not None
    state = known.get("/api/v1/repositories?q=tokyo/inbox").json["repositories"][0]["state"]
    assert state == "fine"
    assert known.post(f"{FINDINGS}/{opened['id']}/restore").json["dismissal"] is None
    assert finding(known, "finding.everyone_pushes", q="inbox") is not None
    assert known.post(f"{FINDINGS}/{opened['id']}/restore").status == 409
    assert known.post(f"{FINDINGS}/{'0' * 20}/dismiss", {"reason": "No"}).status == 404
    assert (
        known.post(f"{FINDINGS}/{opened['id']}/dismiss", {"reason": "No", "days": 8}).json["code"] == "finding.bad_days"
    )


def test_a_principal_is_told_from_where_it_can_pull(known):
    told = known.get("/api/v1/who-can-pull?principal=210987654321").json
    assert told["principal"] == "arn:aws:iam::210987654321:root"
    allowed = {one["repository"] for one in told["repositories"] if one["access"] == "allowed"}
    assert {"shared/base-python", "tokyo/partners"} <= allowed
    assert known.get("/api/v1/who-can-pull?principal=ci").json["code"] == "principal.bad_arn"


def test_everything_is_searched_at_once(known):
    found = known.get("/api/v1/search?q=storefront&limit=1").json
    assert [row["name"] for row in found["services"]["items"]] == ["storefront-web"]
    assert found["services"]["items"][0]["url"].startswith("https://storefront-web.")
    assert (len(found["repositories"]["items"]), found["repositories"]["total"]) == (1, 2)
    assert "storefront-web/private-repo-access" in found["principals"]["items"][0]
    assert found["unread"] == []


def test_one_group_is_searched_alone_and_wrong_searches_are_refused(known):
    found = known.get("/api/v1/search?q=storefront&kind=services").json
    assert (found["services"]["total"], found["repositories"]) == (1, {"items": [], "total": 0})
    for query in (
        "",
        "?q=",
        "?q=a&kind=odd",
        "?q=a&limit=101",
        f"?q={'x' * 1001}",
        "?q=a&qq=b",
        "?q=a&q=b",
        "?q=a%0ab",
    ):
        assert known.get(f"/api/v1/search{query}").status == 422, query


def test_a_repair_takes_its_finding_away(known, ended):
    wrong = finding(known, "finding.general_role", repository="analytics/reports")
    address = f"/api/v1/services/{wrong['region']}/{wrong['repair_service']}/grants/repair"
    operation = ended(known.post(address, {"repository": wrong["repository"]}))
    assert operation["outcome"] == "succeeded"
    for query in (operation["id"], operation["id"][:8], "analytics/rep"):
        found = known.get(f"/api/v1/search?q={query}&kind=operations").json["operations"]["items"]
        assert (found[0]["id"], found[0]["outcome"], found[0]["kind"]) == (operation["id"], "succeeded", "repair")
    assert finding(known, "finding.general_role", repository="analytics/reports") is None
