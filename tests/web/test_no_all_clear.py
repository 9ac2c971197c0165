"""Where AWS can't be read, no page says that all is well: a walk through the pages with each reading refused."""

import pytest

from tests.console import start_console, until
from tests.sandbox_server import start_sandbox

REGION = "us-east-1"
PAGES = (
    "/containers",
    "/repositories",
    "/findings",
    "/who-can-pull?principal=123456789012",
    "/containers/us-east-1/storefront-web",
    "/containers/us-east-1/storefront-web/images",
    "/containers/us-east-1/storefront-web/deployments",
    "/repositories/us-east-1/storefront/web",
    "/containers/us-east-1/storefront-web/policy?repository=storefront/web",
)
ALL_CLEAR = (
    "<strong>No findings</strong>",
    "<strong>No container services</strong>",
    "<strong>No repositories</strong>",
    "<strong>No private repositories</strong>",
    "<strong>Nothing is deployed</strong>",
    "Every repository policy was checked.",
    "No permission is missing.",
    "Deployments (0)",
    "The policy names no principals",
    'private repositories <span class="count">(0)',
)
# By what is refused: the pages that hang on it.
READINGS = {
    "lightsail:*": ("/containers", "/containers/us-east-1/storefront-web/deployments", "/findings"),
    "ecr:DescribeRepositories": (
        "/repositories",
        "/findings",
        "/who-can-pull?principal=123456789012",
        "/containers/us-east-1/storefront-web/images",
    ),
    "ecr:GetRepositoryPolicy": (
        "/findings",
        "/repositories/us-east-1/storefront/web",
        "/containers/us-east-1/storefront-web/policy?repository=storefront/web",
    ),
    "*": PAGES,
}


@pytest.mark.parametrize("action", READINGS)
def test_no_page_says_that_all_is_well_where_nothing_could_be_read(action, tmp_path):
    with start_sandbox() as sandbox:
        sandbox.fault(action=action, kind="access_denied")
        with start_console(tmp_path, sandbox=sandbox, regions=REGION) as console:
            refused = until(lambda: console.get("/api/v1/findings").json["coverage"], lambda known: known["problems"])
            assert not refused["whole"]
            for path in PAGES:
                page = console.get(path).text
                said = [sentence for sentence in ALL_CLEAR if sentence in page]
                if path in READINGS[action]:
                    assert not said, f"{path}: {said}"


def services_of(page):
    """The table of a repository's services."""
    return page.split('id="services-title"')[1].split('id="findings-title"')[0]


def test_what_was_allowed_is_told_with_its_age_once_it_cannot_be_read_any_more(tmp_path):
    with start_sandbox() as sandbox, start_console(tmp_path, sandbox=sandbox, regions=REGION) as console:
        until(lambda: console.get("/api/v1/findings").json["coverage"], lambda coverage: coverage["whole"])
        page = console.get("/repositories/us-east-1/storefront/web").text
        assert 'data-tone="success"' in services_of(page)
        sandbox.fault(action="*", kind="expired_token")
        until(
            lambda: console.get("/repositories/us-east-1/storefront/web").text,
            lambda seen: "Allowed" in services_of(seen) and 'data-tone="success"' not in services_of(seen),
        )


def test_a_policy_that_denies_its_own_reading_is_no_longer_called_fine(tmp_path):
    deny = {"Sid": "Nobody", "Effect": "Deny", "Principal": "*", "Action": "ecr:*"}
    with start_sandbox() as sandbox, start_console(tmp_path, sandbox=sandbox, regions=REGION) as console:
        until(lambda: console.get("/api/v1/findings").json["coverage"], lambda coverage: coverage["whole"])
        sandbox.put_policy("storefront/web", {"Version": "2012-10-17", "Statement": [deny]})
        console.get("/containers/us-east-1/storefront-web/policy?repository=storefront/web")
        until(
            lambda: console.get("/api/v1/findings").json["coverage"],
            lambda coverage: (coverage["whole"], coverage["outdated"]) == (False, 1),
        )
        assert "The policy of 1 repository can't be read now." in console.get("/findings").text
        states = {row["name"]: row["state"] for row in console.get("/api/v1/repositories").json["repositories"]}
        assert states["storefront/web"] != "fine"
