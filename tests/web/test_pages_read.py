"""Every page of the real console answers, whole and as a partial, with its content."""

import json
import re
from urllib.parse import urlencode

import pytest

from tests.console import console, until
from tests.reader import Reader

__all__ = ["console"]

WEB = "/containers/us-east-1/storefront-web"
PARTIAL = {"HX_Request": "true"}

PAGES = {
    "/containers": "Container services in 2 regions",
    "/containers?q=pay": "payments-api",
    WEB: "Overview",
    f"{WEB}/deployments": "Version 3",
    f"{WEB}/images": "Amazon ECR private repositories",
    f"{WEB}/images?added=storefront/web": "Next steps",
    f"{WEB}/history": "History",
    f"{WEB}/policy?repository=storefront/web": "AllowLightsailPull-storefront-web",
    f"{WEB}/policy?repository=analytics/reports": "Principals",
    f"{WEB}/policy?repository=tools/cli": "Grant access with Terraform",
    f"{WEB}/repositories/new": "Choose a private repository of us-east-1.",
    f"{WEB}/repositories/remove?repository=storefront/web": "will no longer be able to pull images",
    f"{WEB}/repositories/preview?kind=revoke&repository=storefront/web": "Calls to AWS",
    f"{WEB}/repositories/repair?repository=tools/cli": "Repair access?",
    f"{WEB}/repositories/prune?repository=payments/worker": "Remove dead principals?",
    f"{WEB}/role/activate": "Activate the image puller role?",
    f"{WEB}/role/deactivate": "storefront/nginx-sidecar",
    "/containers/us-east-1/payments-api": "A tag says that Terraform manages this service.",
    "/containers/us-east-1/payments-api/images": "A tag says that Terraform manages this service.",
    "/history": "Every operation, newest first",
    "/search": "Who can pull?",
    "/search?q=storefront": "Add repository to storefront-web",
    "/permissions": "Everything Sailpass does",
    "/permissions?region=us-east-1&names=tools/cli,storefront/web": "repository/tools/cli",
}
PARTS = {
    "/containers?q=pay": "payments-api",
    f"{WEB}/images": "Amazon ECR private repositories",
    f"{WEB}/repositories/new": "Choose a private repository of us-east-1.",
    f"{WEB}/repositories/options?repository=tools": "tools/cli",
    f"{WEB}/repositories/remove?repository=storefront/web": "will no longer be able to pull images",
    f"{WEB}/role/deactivate": "Deactivate the image puller role?",
    "/containers/us-east-1/payments-api/repositories/preview?kind=grant&repository=tools/cli": "Terraform manages this service",
    "/history": "No operations",
    "/search?q=storefront": "Add repository to storefront-web",
    **{
        f"{WEB}/repositories/preview?kind={kind}&repository=payments/worker": "ecr:GetRepositoryPolicy"
        for kind in ("grant", "repair", "revoke", "prune")
    },
}
MISSING = {
    "/nowhere": "Page not found.",
    "/operations/nobody": "This operation isn't in the history.",
    "/operations/nobody/undo": "Operation not found.",
    "/containers/eu-west-1/storefront-web": "eu-west-1 isn't configured",
    "/containers/eu-west-1/storefront-web/images": "eu-west-1 isn't configured",
    "/containers/eu-west-1/storefront-web/history": "eu-west-1 isn't configured",
    "/containers/eu-west-1/storefront-web/role/activate": "eu-west-1 isn't configured",
    f"{WEB}/policy?repository=no/such": "The repository no/such doesn't exist in us-east-1.",
}
SENSELESS = [
    f"{WEB}/repositories/remove",
    f"{WEB}/repositories/preview?kind=undo&repository=tools/cli",
    f"{WEB}/repositories/preview?kind=nonsense&repository=tools/cli",
    f"{WEB}/policy?repository=Not%20A%20Name",
    "/operations/nobody/progress?seen=abc",
    f"/search?q={'x' * 1001}",
]


@pytest.fixture(scope="module")
def mika(console):
    reader = Reader(console)
    reader.knows()
    return reader


@pytest.mark.parametrize("path, sentence", PAGES.items())
def test_a_page_answers_whole(mika, path, sentence):
    page = mika.reads(path)
    assert page.status == 200
    assert sentence in page.text
    assert page.soup.select_one("html[lang=en] main h1")


@pytest.mark.parametrize("path, sentence", PARTS.items())
def test_htmx_gets_the_part_alone(mika, path, sentence):
    page = mika.reads(path, **PARTIAL)
    assert page.status == 200
    assert sentence in page.text
    assert not page.soup.select("html")


@pytest.mark.parametrize("path, sentence", MISSING.items())
def test_what_is_not_there_is_told_with_a_way_on(mika, path, sentence):
    page = mika.reads(path)
    assert page.status == 404
    assert sentence in page.text
    assert page.soup.select("main a, nav a")


@pytest.mark.parametrize("path", SENSELESS)
def test_an_address_that_makes_no_sense_is_refused_in_words(mika, path):
    page = mika.reads(path)
    assert page.status == 422
    assert page.title == "Something is missing or wrong"


@pytest.mark.parametrize(
    "name", ["kind=grant", "kind=x", "outcome=failed", "until=9999-12-31&since=0001-01-01", "older=x"]
)
def test_the_history_takes_any_filter(mika, name):
    assert mika.reads(f"/history?{name}").status == 200
    assert mika.console.get(f"/history/export.csv?{name}").status == 200


@pytest.mark.parametrize(
    "service, repository, button",
    [
        ("storefront-web", "storefront/web", "Remove"),
        ("reporting", "analytics/reports", "Repair access"),
        ("storefront-web", "shared/base-python", "Add repository"),
    ],
)
def test_what_is_shown_by_hand_is_what_the_button_there_would_do(mika, service, repository, button):
    page = mika.reads(f"/containers/us-east-1/{service}/policy?repository={repository}")
    assert f"The same as {button}." in page.text
    assert any(name.startswith(button) for name in page.buttons())


def test_by_hand_a_role_without_an_arn_is_explained_where_it_stands_in_the_text(mika):
    here = "/containers/us-east-1/payments-api"
    page = mika.reads(f"{here}/policy?repository=tools/cli")
    assert "NOT-YET-KNOWN" in page.soup.select_one('pre[aria-label="finished policy"]').get_text()
    preview = mika.reads(f"{here}/repositories/preview?kind=grant&repository=tools/cli")
    for text in (page.text, preview.text):
        assert "put it in place of the one that ends with NOT-YET-KNOWN" in text
        assert "While it answers “Principal not found”, write the policy again" in text


def test_by_hand_a_policy_that_loses_its_last_statement_is_deleted_and_no_empty_one_is_shown(mika):
    page = mika.reads(f"{WEB}/policy?repository=storefront/web")
    assert "This deletes the repository policy, because no statements remain." in page.text
    assert not page.soup.select('pre[aria-label="finished policy"]')
    assert "aws ecr delete-repository-policy" in page.text


def test_a_service_that_does_not_exist_is_not_found_and_the_nearest_names_are_offered(mika):
    for tab in ("", "/images", "/deployments", "/history", "/repositories/new", "/as-code"):
        page = mika.reads(f"/containers/us-east-1/storefront-wep{tab}")
        assert page.status == 404, tab
        assert "The container service storefront-wep doesn't exist in us-east-1." in page.text
        assert page.soup.select_one("main li a")["href"] == "/containers/us-east-1/storefront-web"


def test_the_permissions_are_valid_json_for_the_account_and_the_names(mika):
    page = mika.reads("/permissions?region=ap-northeast-1&names=tools/cli")
    policies = [json.loads(block.get_text()) for block in page.soup.select("main section pre")]
    assert len(policies) == 3
    assert "arn:aws:ecr:ap-northeast-1:123456789012:repository/tools/cli" in json.dumps(policies)


@pytest.mark.parametrize("name", ["Tools/CLI", "tools//cli", '"tools"', "a" * 257])
def test_no_policy_is_printed_for_what_can_be_no_name(mika, name):
    for page in (mika.reads(f"/permissions?names=tools/cli,{name}"), mika.sends("/permissions/check", names=name)):
        assert page.status == 422
        assert f"“{name}” isn't a valid Amazon ECR repository name." in page.text
    assert mika.console.get(f"/api/v1/permissions?names={name}").status == 422


def test_a_part_of_names_can_be_named(mika):
    assert "repository/team/*" in mika.reads("/permissions?names=team/*").text


def test_the_way_in_leads_to_the_containers(mika):
    answer = mika.console.get("/")
    assert (answer.status, answer.headers["location"]) == (307, "/containers")


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machines_get_their_answers(mika, path):
    assert mika.console.get(path).status == 200


def test_the_exports_are_files(mika):
    for kind in ("csv", "json"):
        answer = mika.console.get(f"/history/export.{kind}")
        assert f"sailpass-history.{kind}" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    "method, path, headers, status",
    [
        ("POST", "/containers", {}, 405),
        ("PUT", f"{WEB}/repositories", {}, 405),
        ("POST", f"{WEB}/role/activate", {"Origin": "https://evil.example"}, 403),
        ("POST", f"{WEB}/role/activate", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("GET", "/containers", {"Host": "evil.example"}, 400),
    ],
)
def test_a_request_of_the_wrong_kind_is_refused_and_starts_nothing(mika, method, path, headers, status):
    assert mika.console.send(method, path, **headers).status == status
    assert "No operations yet" in mika.reads("/history").text


def test_a_body_too_large_is_refused(mika):
    page = mika.sends(f"{WEB}/repositories", repository="x" * 300_000)
    assert page.status == 413


def test_a_page_looks_again_only_while_something_changes(mika):
    until(lambda: mika.reads(f"{WEB}/images"), lambda page: not page.soup.select("#images-body[hx-get]"))


def test_every_link_of_a_page_leads_somewhere(mika):
    seen = set()
    for path in ("/containers", WEB, f"{WEB}/images", f"{WEB}/policy?repository=storefront/web", "/permissions"):
        seen |= {one["href"] for one in mika.reads(path).soup.select("a[href^='/']")}
    assert len(seen) > 12
    assert {path: mika.console.get(path).status for path in seen if mika.console.get(path).status != 200} == {}


@pytest.mark.parametrize(
    "query, address",
    [
        ("STOREFRONT-w", WEB),
        ("https://storefront-web.", WEB),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/tools/cli:1.0", "/repositories/us-east-1/tools/cli"),
        ("arn:aws:ecr:us-east-1:123456789012:repository/tools/cli", "/repositories/us-east-1/tools/cli"),
        ("tools/cli:latest", "/repositories/us-east-1/tools/cli"),
        ("deploy payments", "/containers/us-east-1/payments-api/deployments/new"),
        ("998877665544", "/who-can-pull?principal=arn%3Aaws%3Aiam%3A%3A998877665544%3Aroot"),
        ("findings", "/findings"),
    ],
)
def test_the_search_leads_to_what_was_meant_and_every_link_of_it_somewhere(mika, query, address):
    page = mika.reads(f"/search?{urlencode({'q': query})}")
    found = {link["href"] for link in page.soup.select(".results a")}
    assert address in found
    assert {link: status for link in found if (status := mika.console.get(link).status) != 200} == {}


@pytest.mark.parametrize(
    "query", ["210987654321.dkr.ecr.us-east-1.amazonaws.com/tools/cli", "storefront%", "_", "no-such-thing"]
)
def test_the_search_finds_nothing_else(mika, query):
    page = mika.reads(f"/search?{urlencode({'q': query})}")
    assert (page.status, page.soup.select(".results a")) == (200, [])
    assert "No results" in page.text


def test_one_group_of_the_search_is_shown_alone(mika):
    page = mika.reads("/search?q=storefront&kind=repositories")
    assert [heading.get_text() for heading in page.soup.select("main h2")] == ["Repositories"]
    assert mika.reads("/search?q=storefront&kind=odd").soup.select("#found-services")


def test_times_and_counts_are_words_for_every_reader(mika):
    page = mika.reads("/containers")
    assert re.search(r"Updated (just now|\d+ second)", page.text) or "Loading from AWS" in page.text


@pytest.mark.parametrize("form, suffix", [("terraform", "tf"), ("cloudformation", "json"), ("aws", "sh")])
def test_access_as_code_is_a_file(console, form, suffix):
    answer = console.get(f"{WEB}/policy/as-code?repository=tools/cli&form={form}")
    name = f'attachment; filename="sailpass-storefront-web-tools-cli.{suffix}"'
    assert (answer.status, answer.headers["content-disposition"]) == (200, name)
    assert "ecr" in answer.text
