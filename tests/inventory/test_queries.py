from sqlalchemy import event, update

from app.aws.ports import Role
from app.db import is_sqlite
from app.inventory import queries, store
from app.inventory.models import SeenRepository
from app.inventory.versions import JUDGED, access_version
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
    assert len(set(versions)) == 3
    store.remember_repositories(db, "default", REGION, [a_repository("a"), a_repository("c")], NOON + 2 * MINUTE)
    versions.append(access_version(db, "default"))
    store.remember_repositories(db, "default", REGION, [a_repository("a")], NOON + 3 * MINUTE)
    versions.append(access_version(db, "default"))
    assert len(set(versions)) == 5
    store.remember_repositories(db, "default", REGION, [a_repository("a")], NOON + 4 * MINUTE)
    store.remember_repository(db, "default", a_repository("a"), NOON + 4 * MINUTE)
    assert access_version(db, "default") == versions[-1]


def rows_read(db) -> int:
    """How much the database does for the version of access: SQLite's steps by tens, PostgreSQL's rows of every table."""
    if not is_sqlite(db.url):
        return sum(_rows_of_scans(plan) for plan in _plans(db))
    steps = [0]

    def step() -> None:
        steps[0] += 1

    def watch(connection, *_) -> None:
        connection.set_progress_handler(step, 10)

    event.listen(db.engine, "checkout", watch)
    access_version(db, "default")
    event.remove(db.engine, "checkout", watch)
    return steps[0]


def _plans(db):
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        for query in JUDGED:
            sql = str(query.params(at_connection="default").compile(db.engine, compile_kwargs={"literal_binds": True}))
            ((plan,),) = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            yield plan[0]["Plan"]


def _rows_of_scans(plan) -> int:
    below = plan.get("Plans", [])
    return sum(map(_rows_of_scans, below)) + (0 if below else plan["Actual Rows"] * plan["Actual Loops"])


def test_the_version_of_access_costs_the_same_with_thousands_of_repositories(db):
    store.remember_repositories(db, "default", REGION, [a_repository(f"few-{n}") for n in range(10)], NOON)
    few = rows_read(db)
    many = [a_repository(f"many-{n}") for n in range(3_000)]
    store.remember_repositories(db, "default", REGION, many, NOON + MINUTE)
    with db.write() as session:
        session.execute(update(SeenRepository).values(checked_at=NOON))
    assert rows_read(db) <= few + 5
