"""The pages of repositories and findings over HTTP: what they show, say when nothing is known, dismiss and repair."""

from urllib.parse import urlencode

import pytest

from tests.console import console, until
from tests.reader import Page

__all__ = ["console"]

REGION = "us-east-1"


@pytest.fixture(scope="module")
def known(console):
    """The console once every policy has been read and judged."""
    until(lambda: console.get("/api/v1/findings").json["coverage"], lambda coverage: coverage["whole"])
    return console


def post_form(console, path, fields):
    return console.send("POST", path, urlencode(fields), Content_Type="application/x-www-form-urlencoded")


def id_of(console, code, repository):
    found = console.get(f"/api/v1/findings?q={repository}").json["findings"]
    return next(one["id"] for one in found if one["code"] == code)


def test_the_list_of_repositories_links_each_and_filters(known):
    page = known.get("/repositories").text
    assert 'href="/repositories/us-east-1/storefront/web"' in page
    assert 'href="/containers/us-east-1/storefront-web/images"' in page
    found = known.get("/repositories?q=tokyo&state=findings").text
    assert "tokyo/inbox" in found
    assert "storefront/web" not in found
    assert known.get("/repositories?cursor=odd").status == 400


def test_a_repository_is_added_to_and_removed_from_services_right_there(known):
    page = known.get(f"/repositories/{REGION}/storefront/web").text
    assert "Remove from storefront-web" in page
    assert "Add to payments-api" in page
    assert "aws ecr get-repository-policy" in page
    assert "aws_ecr_repository_policy" in page
    assert "AWS::ECR::Repository" in page
    images = known.get(f"/repositories/{REGION}/storefront/web?part=images").text
    assert "sha256:" in images
    assert known.get(f"/repositories/{REGION}/no/such").status == 404
    assert known.get("/repositories/eu-west-3/no/such").status == 404
    assert known.get(f"/repositories/{REGION}/no%3Csuch").status == 422


def test_findings_offer_their_repair_and_are_counted_in_the_navigation(known):
    page = Page(known.get("/findings"))
    assert "Repair access of analytics/reports" in page.buttons()
    count = known.get("/api/v1/findings").json["counts"]
    assert page.soup.select_one("#findings-count span").text == str(count["error"] + count["warning"])
    assert "tokyo/inbox" not in known.get("/findings?severity=info").text


def test_a_finding_is_dismissed_with_a_reason_and_comes_back(known):
    identity = id_of(known, "finding.everyone_pushes", "inbox")
    address = f"/findings/{identity}"
    assert "Reason" in known.get(f"{address}/dismiss").text
    refused = post_form(known, f"{address}/dismiss", {"reason": " ", "days": "30"})
    assert refused.status == 422
    assert "without a reason" in refused.text
    assert post_form(known, f"{address}/dismiss", {"reason": "By design", "days": "30"}).status == 303
    assert identity not in known.get("/findings").text
    assert "By design" in known.get("/findings?dismissed=1").text
    assert post_form(known, f"{address}/restore", {}).status == 303
    assert identity in known.get("/findings").text


def test_a_dismissal_leads_back_to_the_page_it_was_made_on(known):
    page = f"/repositories/{REGION}/tokyo/inbox"
    identity = id_of(known, "finding.everyone_pushes", "inbox")
    form = {"reason": "By design", "days": "30", "next": page}
    assert f'name="next" value="{page}"' in known.get(f"/findings/{identity}/dismiss?next={page}").text
    assert post_form(known, f"/findings/{identity}/dismiss", form).headers["location"] == page
    assert post_form(known, f"/findings/{identity}/restore", {"next": page}).headers["location"] == page
    elsewhere = post_form(known, f"/findings/{identity}/dismiss", {**form, "next": "//example.com/"})
    assert elsewhere.headers["location"] == "/findings"
    post_form(known, f"/findings/{identity}/restore", {})


def test_a_principal_is_checked_where_it_was_typed(known):
    assert "tokyo/partners" in known.get("/who-can-pull?principal=998877665544").text
    refused = known.get("/who-can-pull?principal=ci").text
    assert "isn&#39;t the ARN of an IAM identity" in refused


def test_containers_are_filtered_by_access_and_sorted(known):
    broken = known.get("/containers?access=broken").text
    assert "reporting" in broken
    assert 'href="/containers/us-east-1/storefront-web"' not in broken
    assert "1 broken" in broken
    by_region = known.get("/containers?sort=region").text
    assert by_region.index("tokyo-api") < by_region.index("batch-worker")


def test_metrics_count_findings_and_repositories(known):
    metrics = known.get("/metrics").text
    assert 'sailpass_findings{severity="error"}' in metrics
    assert 'sailpass_repositories{state="findings"}' in metrics


def test_refresh_asks_aws_now_whatever_was_read_a_while_ago_and_leads_back(known):
    def reads():
        answer = post_form(known, "/refresh", {"next": "/repositories?q=a"})
        assert (answer.status, answer.headers["location"]) == (303, "/repositories?q=a")
        return known.sandbox.calls("ecr:DescribeRepositories")

    known.sandbox.clear_calls()
    until(reads)  # by itself it is read again after ten minutes
    assert post_form(known, "/refresh", {"next": "https://example.com/"}).headers["location"] == "/"
    for address in ("/containers", "/repositories", "/findings", "/containers/us-east-1/payments-api/deployments"):
        text = known.get(address).text
        assert 'action="/refresh"' in text, address
        assert "Updated <time" in text, address


def test_who_deploys_is_told_of_a_tool_that_manages_the_service(known):
    assert "Terraform manages this service" in known.get("/containers/us-east-1/payments-api/deployments").text
