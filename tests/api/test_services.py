"""Reads: services, what each may pull from, and policies in plain words."""

import pytest

from tests.api.conftest import HERE


def test_identity_tells_who_asks_and_who_aws_takes_us_for(ready):
    told = ready.get("/api/v1/identity").json
    assert (told["person"], told["account"]) == ("local", "123456789012")


def test_every_service_of_every_configured_region_is_listed(ready):
    found = ready.get("/api/v1/services").json
    regions = {one["region"] for one in found["services"]}
    assert regions == {"us-east-1", "ap-northeast-1"} == {one["region"] for one in found["regions"]}


def test_services_are_found_by_a_part_of_their_name(ready):
    found = ready.get("/api/v1/services?q=FRONT").json["services"]
    assert [one["name"] for one in found] == ["storefront-web"]


def test_a_service_tells_its_role(ready):
    role = ready.get(HERE).json["role"]
    assert role["state"] == "active"
    assert "/private-repo-access/" in role["principal_arn"]


def test_a_service_that_is_new_is_asked_for_at_aws(ready):
    lightsail = ready.sandbox.client("lightsail")
    lightsail.create_container_service(serviceName="brand-new", power="nano", scale=1)
    assert ready.get("/api/v1/services/us-east-1/brand-new").json["name"] == "brand-new"


def test_a_program_waits_longer_for_aws_than_a_page(ready):
    ready.sandbox.client("lightsail").create_container_service(serviceName="slow-shop", power="nano", scale=1)
    ready.sandbox.options(latency_ms=2_500)
    try:
        answer = ready.get("/api/v1/services/us-east-1/slow-shop")
    finally:
        ready.sandbox.options(latency_ms=0)
    assert (answer.status, answer.json["name"]) == (200, "slow-shop"), answer.text


@pytest.mark.parametrize(
    "path, status, code",
    [
        ("/api/v1/services/us-east-1/nobody", 404, "service.not_found"),
        ("/api/v1/services/eu-west-1/storefront-web", 404, "region.not_configured"),
        ("/api/v1/services/moon/storefront-web", 422, "request.invalid"),
        (f"{HERE}/policy?repository=no/such", 404, "repository.not_found"),
        (f"{HERE}/policy", 422, "request.invalid"),
    ],
)
def test_what_is_not_there_is_told_by_its_code(ready, path, status, code):
    answer = ready.get(path)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_service_that_is_not_there_comes_with_the_names_most_like_it(ready):
    for method, path in (("GET", "storefront-wbe"), ("POST", "storefront-wbe/role/activate")):
        answer = ready.send(method, f"/api/v1/services/us-east-1/{path}")
        assert (answer.status, answer.json["nearest"][0]) == (404, "storefront-web")
    assert ready.get("/api/v1/services/ap-northeast-1/storefront-wbe").json["nearest"] == []


def test_access_comes_with_a_verdict_and_its_reason(ready):
    rows = ready.get(f"{HERE}/repositories").json["repositories"]
    row = next(one for one in rows if one["name"] == "storefront/nginx-sidecar")
    assert row["access"] == "allowed"
    assert row["reason"].endswith("allows this principal to pull.")


def test_choices_leave_out_what_can_be_pulled_from_already(ready):
    names = [one["name"] for one in ready.get(f"{HERE}/repositories/choices?q=a").json["choices"]]
    assert names
    assert "storefront/nginx-sidecar" not in names


def test_a_policy_is_told_whole_and_in_words(ready):
    policy = ready.get(f"{HERE}/policy?repository=storefront/nginx-sidecar").json
    assert policy["document"]["Statement"]
    assert any(one["allowed"] for one in policy["readers"])
    assert "aws ecr" in policy["by_hand"]["commands"][0]["text"]


def test_sentences_are_english_whatever_the_reader_speaks(ready):
    rows = ready.get(f"{HERE}/repositories", Accept_Language="ja").json["repositories"]
    assert all(one["reason"].isascii() for one in rows)


def test_permissions_are_printed_for_named_repositories(ready):
    policies = ready.get("/api/v1/permissions?names=shop/api,shop/web").json["policies"]
    complete = next(one["document"] for one in policies if one["key"] == "complete-named")
    arns = [statement["Resource"] for statement in complete["Statement"]]
    assert ["arn:aws:ecr:us-east-1:123456789012:repository/shop/" + name for name in ("api", "web")] in arns


def test_check_permissions_tells_each_action_and_what_would_add_the_missing(ready):
    ready.sandbox.fault(action="ecr:SetRepositoryPolicy", kind="access_denied")
    check = ready.post("/api/v1/permissions/check").json
    ready.sandbox.clear_faults()
    assert [one["action"] for one in check["actions"] if one["allowed"] is False] == ["ecr:SetRepositoryPolicy"]
    assert check["policy"]["Statement"][0]["Action"] == ["ecr:SetRepositoryPolicy"]
