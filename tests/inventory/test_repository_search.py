import pytest

from app.inventory import store
from app.inventory.repository_search import choices, nearest, nearest_names, regions_with
from app.inventory.sync_state import What, claim
from app.policy.verdict import Access
from tests.build import a_repository, a_service, a_statement, an_active_role, puller_arn
from tests.databases import statements
from tests.inventory.at import HERE, NOON, allow, keep, keep_many

SHOP = a_service("shop", role=an_active_role("shop"))


def offered(db, query="", **options):
    return [choice.name for choice in choices(db, "default", SHOP, query, **options).rows]


def test_what_the_service_can_pull_from_already_is_not_offered(db):
    keep(db, "granted", allow(puller_arn("shop")))
    keep(db, "open", allow("*"))
    keep(db, "other", allow(puller_arn("blog")))
    keep(db, "none")
    assert offered(db) == ["none", "other"]
    assert choices(db, "default", SHOP).added == ("granted", "open")


def test_what_falls_short_is_offered_with_the_verdict(db):
    keep(db, "denied", allow(puller_arn("shop")), a_statement(effect="Deny", principal="*"))
    (choice,) = choices(db, "default", SHOP).rows
    assert choice.verdict.access is Access.DENIED


def test_a_repository_whose_policy_was_never_read_is_offered(db):
    store.remember_repository(db, "default", a_repository("new"), NOON)
    (choice,) = choices(db, "default", SHOP).rows
    assert choice.has_policy is None


@pytest.mark.parametrize("query", ["WEB", "shop/w", "op_w%"])
def test_the_search_is_for_a_part_of_the_name_and_takes_signs_as_they_are(db, query):
    for name in ("shop/web", "shop/api"):
        keep(db, name)
    assert offered(db, query) == ([] if "%" in query else ["shop/web"])


def test_only_the_services_region_is_offered(db):
    store.remember_repository(db, "default", a_repository("far", region="eu-west-1"), NOON)
    assert offered(db) == []


def test_the_first_that_fit_are_offered_and_that_there_are_more(db):
    for number in range(4):
        keep(db, f"team/{number}")
    assert offered(db, limit=3) == ["team/0", "team/1", "team/2"]
    assert choices(db, "default", SHOP, limit=3).more
    assert not choices(db, "default", SHOP, limit=4).more


def test_a_long_run_of_granted_ones_does_not_hide_what_comes_after(db):
    for number in range(10):
        keep(db, f"a/{number}", allow(puller_arn("shop")))
    keep(db, "b")
    assert offered(db, limit=2) == ["b"]


def test_two_hundred_repositories_take_as_many_statements_as_two(db):
    names = [f"team/{number}" for number in range(200)]
    keep_many(db, names[:2])
    with statements(db) as for_two:
        offered(db)
    keep_many(db, names)
    with statements(db) as for_many:
        assert len(offered(db)) == 50
    assert len(for_many) <= len(for_two)


@pytest.mark.parametrize(
    "typed", ["storefornt/web", "storefront/wbe", "torefront/web", "storefront-web", "STOREFRONT/WEB"]
)
def test_a_mistyped_name_finds_what_was_meant(db, typed):
    for name in ("storefront/web", "billing/api", "search/indexer"):
        keep(db, name)
    assert nearest_names(db, *HERE, typed)[:1] == ("storefront/web",)


def test_nothing_is_near_to_a_name_that_is_like_none():
    assert nearest("qqqqqq", ["storefront/web", "billing/api"]) == ()
    assert nearest("x", ["x1"]) == ()


def test_the_nearest_come_first_and_are_few():
    names = [f"payments/api-{number}" for number in range(20)]
    assert nearest("payments/api-7x", names, limit=2)[0] == "payments/api-7"


def test_a_name_that_lives_in_other_regions_is_found_there(db):
    for region in ("eu-west-1", "us-east-1"):
        claim(db, "default", region, What.REPOSITORIES, now=NOON)
        store.remember_repository(db, "default", a_repository("web", region=region), NOON)
    assert regions_with(db, "default", "web") == ("eu-west-1", "us-east-1")
    assert regions_with(db, "default", "api") == ()
