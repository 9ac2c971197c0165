"""Services, repositories and principals by a part of a name, as the search over everything finds them."""

import pytest

from app.inventory import store
from app.inventory.lookup import (
    RepositoryQuery,
    SearchScope,
    find_principals,
    find_repositories,
    find_services,
    service_names,
)
from tests.build import ACCOUNT, REGION, a_repository, a_service, an_active_role, puller_arn
from tests.databases import statements
from tests.inventory.at import NOON, allow, keep, keep_many

ALL = SearchScope("default", (REGION, "eu-west-1"))
CI = "arn:aws:iam::210987654321:role/ci"


def names(matches):
    return [row.name for row in matches.rows]


def repositories(db, part, limit=10, scope=ALL, **exact):
    return find_repositories(db, scope, RepositoryQuery(part, **exact), limit)


def services(db, name, domain="", scope=ALL):
    return find_services(db, scope, name, domain, 10)


@pytest.fixture
def shop(db):
    role = an_active_role("shop")
    for service in (a_service("shop", role=role), a_service("web-shop"), a_service("far", region="eu-west-1")):
        store.remember_service(db, "default", service, NOON)
    return db


def test_a_service_is_found_by_its_name_and_by_its_domain(shop):
    assert names(services(shop, "SHOP")) == ["shop", "web-shop"]
    assert names(services(shop, "k2x5.eu-west-1.cs", "k2x5.eu-west-1.cs")) == ["far"]
    assert services(shop, "https", "").rows == ()
    assert services(shop, "tps", "tps").rows == ()  # of https, which is the same in every URL


def test_only_configured_regions_are_searched(shop):
    keep(shop, "shop/web", allow(CI))
    elsewhere = SearchScope("default", ("eu-west-1",))
    assert names(services(shop, "", scope=elsewhere)) == ["far"]
    assert service_names(shop, elsewhere, 10) == (("eu-west-1", "far"),)
    assert repositories(shop, "shop", scope=elsewhere).rows == ()
    assert find_principals(shop, elsewhere, "arn", 10).rows == ()
    assert find_principals(shop, SearchScope("default", ()), "arn", 10).rows == ()


def test_a_name_comes_before_those_that_begin_with_it_and_those_that_hold_it(db):
    keep_many(db, ["a/web", "web", "web-2", "no"])
    matches = repositories(db, "web", limit=2)
    assert (names(matches), matches.total, matches.more) == (["web", "web-2"], 3, True)
    assert not repositories(db, "web", limit=3).more


@pytest.mark.parametrize("part", ["%", "_", "a%b", "a/_eb", "\\", "/%"])
def test_signs_of_a_pattern_are_taken_as_they_are(db, part):
    keep(db, "a/web", allow(CI))
    store.remember_service(db, "default", a_service("a-web"), NOON)
    assert repositories(db, part).rows == ()
    assert services(db, part, part).rows == ()
    assert find_principals(db, ALL, part, 10).rows == ()


def test_a_repository_of_a_uri_is_that_of_its_region_and_account(db):
    store.remember_repository(db, "default", a_repository("web"), NOON)
    store.remember_repository(db, "default", a_repository("web", region="eu-west-1"), NOON)
    found = repositories(db, "web", region="eu-west-1", registry_id=ACCOUNT)
    assert [row.region for row in found.rows] == ["eu-west-1"]
    assert repositories(db, "web", registry_id="999999999999").total == 0
    assert repositories(db, "web", region="eu-west-3").total == 0


def test_principals_are_those_of_policies_and_of_services_each_once(shop):
    keep(shop, "one", allow(puller_arn("shop")), allow(CI))
    keep(shop, "two", allow(CI), allow("*"))
    assert find_principals(shop, ALL, "arn", 10).rows == (CI, puller_arn("shop"))
    assert find_principals(shop, ALL, "ROLE/CI", 10).rows == (CI,)
    first = find_principals(shop, ALL, "arn", 1)
    assert (first.rows, first.more) == ((CI,), True)
    assert find_principals(shop, ALL, "x" * 600, 10).rows == ()


def test_each_question_is_one_statement(shop):
    with statements(shop) as sent:
        services(shop, "shop", "shop.k2")
        repositories(shop, "shop")
        find_principals(shop, ALL, "shop", 10)
        service_names(shop, ALL, 10)
    assert len([each for each in sent if not each.startswith("BEGIN")]) == 4
