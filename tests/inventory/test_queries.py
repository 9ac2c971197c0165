from app.aws.ports import Role
from app.inventory import queries, store
from app.inventory.versions import access_version
from app.keys import RepositoryKey, ServiceKey
from tests.build import (
    LIGHTSAIL_ACCOUNT,
    REGION,
    a_repository,
    a_service,
    a_statement,
    an_active_role,
    general_arn,
    puller_arn,
)
from tests.databases import statements
from tests.inventory.at import HERE, MINUTE, NOON, allow, keep

EUROPE = "eu-central-1"


def remember(db, *services):
    for service in services:
        store.remember_service(db, "default", service, NOON)


def counts(db):
    return {
        (known.service.region, known.service.name): (known.can_pull, known.stale_grants)
        for known in queries.list_services(db, "default")
    }


def test_each_service_counts_the_repositories_it_can_pull_from(db):
    remember(db, a_service("shop", role=an_active_role("shop")), a_service("blog", role=an_active_role("blog")))
    for name in ("a", "b"):
        keep(db, name, allow(puller_arn("shop")))
    assert counts(db) == {(REGION, "blog"): (0, 0), (REGION, "shop"): (2, 0)}


def test_a_repository_that_names_the_role_and_denies_it_does_not_count(db):
    remember(db, a_service("shop", role=an_active_role("shop")))
    keep(db, "a", allow(puller_arn("shop")), a_statement(effect="Deny", principal="*"))
    assert counts(db)[REGION, "shop"] == (0, 0)


def test_dead_and_general_roles_of_a_service_are_its_stale_grants(db):
    remember(db, a_service("shop", role=an_active_role("shop")))
    keep(db, "a", allow(puller_arn("shop", birth=7)))
    keep(db, "b", allow(general_arn("shop")))
    keep(db, "of-another-account", allow(puller_arn("shop").replace(LIGHTSAIL_ACCOUNT, "600700800900")))
    assert counts(db)[REGION, "shop"] == (0, 2)


def test_a_service_without_a_role_pulls_from_nowhere(db):
    remember(db, a_service("shop", role=Role()))
    keep(db, "a", allow(puller_arn("shop")))
    assert counts(db)[REGION, "shop"] == (0, 1)


def test_a_service_of_the_same_name_elsewhere_has_its_own_count(db):
    remember(db, a_service("shop", role=an_active_role("shop")), a_service("shop", region=EUROPE))
    keep(db, "a", allow(puller_arn("shop")))
    assert counts(db) == {(EUROPE, "shop"): (0, 0), (REGION, "shop"): (1, 0)}


def test_the_list_of_services_takes_as_many_statements_for_one_as_for_many(db):
    remember(db, a_service("first"))
    with statements(db) as for_one:
        queries.list_services(db, "default")
    remember(db, *(a_service(f"shop-{number}") for number in range(50)))
    with statements(db) as for_many:
        assert len(queries.list_services(db, "default")) == 51
    assert len(for_many) == len(for_one)


def test_one_service_is_told_as_in_the_list(db):
    remember(db, a_service("shop", role=an_active_role("shop")), a_service("blog"))
    keep(db, "a", allow(puller_arn("shop")))
    assert queries.find_service(db, ServiceKey(*HERE, "shop")) in queries.list_services(db, "default")
    assert queries.find_service(db, ServiceKey(*HERE, "shop")).can_pull == 1


def test_an_unknown_service_is_none(db):
    assert queries.find_service(db, ServiceKey(*HERE, "nowhere")) is None


def test_coverage_counts_the_policies_that_were_tried(db):
    keep(db, "a", at=NOON + MINUTE)
    keep(db, "b")
    store.remember_repository(db, "default", a_repository("c"), NOON)
    assert queries.policy_coverage(db, *HERE) == queries.PolicyCoverage(2, 3, NOON)


def test_coverage_of_a_region_without_repositories_is_whole(db):
    assert queries.policy_coverage(db, *HERE).whole


def test_a_policy_that_was_never_read_is_neither_there_nor_missing(db):
    store.remember_repository(db, "default", a_repository("a"), NOON)
    assert queries.find_repository(db, RepositoryKey(*HERE, "a")).has_policy is None


def test_nobody_is_known_before_aws_was_asked(db):
    assert queries.find_caller(db, "default") is None
    assert queries.repository_uri(db, RepositoryKey(*HERE, "nowhere")) == ""


def test_a_repository_that_appears_or_goes_changes_the_version_of_access(db):
    keep(db, "a")
    versions = [access_version(db, "default")]
    store.remember_repository(db, "default", a_repository("b"), NOON)
    versions.append(access_version(db, "default"))
    store.forget_repository(db, RepositoryKey("default", REGION, "b"), NOON + MINUTE)
    versions.append(access_version(db, "default"))
    assert versions[0] == versions[2] != versions[1]
