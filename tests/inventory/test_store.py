from dataclasses import replace

import pytest
from sqlalchemy import select, text

from app.aws.ports import CallerIdentity, Container
from app.db import Database
from app.errors import Problem
from app.inventory import queries, store
from app.inventory.models import PolicyPrincipal
from app.inventory.policies import PolicyRead, PolicyUnread, remember_policies, remember_policy, remember_unread
from app.keys import RepositoryKey, ServiceKey
from tests.build import a_deployment, a_policy, a_repository, a_service
from tests.databases import statements
from tests.inventory.at import HERE, MINUTE, NOON


def naming(db, principal):
    """The repositories whose policy names the principal."""
    with db.read() as session:
        row = PolicyPrincipal
        return tuple(session.scalars(select(row.repository).where(row.principal == principal).order_by(row.repository)))


def names(db):
    return [known.service.name for known in queries.list_services(db, "default")]


def test_services_that_are_no_longer_listed_are_gone(db):
    store.remember_services(db, *HERE, [a_service("shop"), a_service("blog")], NOON)
    store.remember_services(db, *HERE, [a_service("shop")], NOON + MINUTE)
    assert names(db) == ["shop"]


def test_services_of_other_regions_and_connections_stay(db):
    store.remember_services(db, "default", "eu-west-1", [a_service("shop", region="eu-west-1")], NOON)
    store.remember_services(db, "other", "us-east-1", [a_service("blog")], NOON)
    store.remember_services(db, *HERE, [], NOON + MINUTE)
    assert names(db) == ["shop"]
    assert len(queries.list_services(db, "other")) == 1


def test_a_listing_does_not_undo_what_an_operation_saw_meanwhile(db):
    store.remember_services(db, *HERE, [a_service("shop")], NOON)
    store.remember_service(db, "default", a_service("shop", state="UPDATING"), NOON + 2 * MINUTE)
    store.remember_service(db, "default", a_service("new"), NOON + 2 * MINUTE)
    store.remember_services(db, *HERE, [a_service("shop")], NOON + MINUTE)
    assert [(known.service.name, known.service.state) for known in queries.list_services(db, "default")] == [
        ("new", "RUNNING"),
        ("shop", "UPDATING"),
    ]


def test_a_service_comes_back_as_aws_told_it(db):
    service = a_service(current_deployment=a_deployment(3))
    store.remember_service(db, "default", service, NOON)
    assert queries.find_service(db, ServiceKey(*HERE, service.name)).service == service


def test_values_of_environment_variables_are_never_kept(db):
    container = Container("web", "nginx", environment={"PASSWORD": "tangerine"})
    service = a_service(current_deployment=replace(a_deployment(), containers=(container,)))
    store.remember_service(db, "default", service, NOON)
    kept = queries.find_service(db, ServiceKey(*HERE, service.name)).service
    assert kept.current_deployment.containers[0].environment == {"PASSWORD": ""}


def test_a_forgotten_service_is_gone_unless_it_was_seen_later(db):
    store.remember_services(db, *HERE, [a_service("shop"), a_service("blog")], NOON)
    store.remember_service(db, "default", a_service("blog"), NOON + 2 * MINUTE)
    for name in ("shop", "blog"):
        store.forget_service(db, ServiceKey(*HERE, name), NOON + MINUTE)
    assert names(db) == ["blog"]


def test_repositories_that_are_no_longer_listed_are_gone_with_their_principals(db):
    store.remember_repositories(db, *HERE, [a_repository("a"), a_repository("b")], NOON)
    remember_policy(db, RepositoryKey(*HERE, "b"), a_policy(), NOON)
    store.remember_repositories(db, *HERE, [a_repository("a")], NOON + MINUTE)
    assert queries.find_repository(db, RepositoryKey(*HERE, "b")) is None
    assert naming(db, "arn:aws:iam::111122223333:role/build") == ()


def test_a_listing_keeps_the_repository_that_was_created_while_it_ran(db):
    store.remember_repository(db, "default", a_repository("new"), NOON + MINUTE)
    store.remember_repositories(db, *HERE, [a_repository("a")], NOON)
    assert queries.repository_uri(db, RepositoryKey(*HERE, "new"))


def test_listing_again_keeps_the_policies_and_writes_nothing(db):
    listing = [a_repository("a"), a_repository("b")]
    store.remember_repositories(db, *HERE, listing, NOON)
    remember_policy(db, RepositoryKey(*HERE, "a"), a_policy(), NOON)
    with statements(db) as sent:
        store.remember_repositories(db, *HERE, listing, NOON + MINUTE)
    assert all(statement == "BEGIN" or statement.startswith("SELECT") for statement in sent)
    assert queries.find_repository(db, RepositoryKey(*HERE, "a")).policy_text == a_policy()


def test_a_repository_that_was_created_anew_is_told_as_it_is_now(db):
    store.remember_repositories(db, *HERE, [a_repository("a")], NOON)
    store.remember_repositories(db, *HERE, [replace(a_repository("a"), created_at=NOON)], NOON + MINUTE)
    assert queries.find_repository(db, RepositoryKey(*HERE, "a")).created_at == NOON


def test_thousands_of_repositories_are_kept_in_few_statements(db):
    listing = [a_repository(f"team/{number}") for number in range(2_500)]
    with statements(db) as sent:
        store.remember_repositories(db, *HERE, listing, NOON)
    assert queries.policy_coverage(db, *HERE).total == 2_500
    assert len(sent) < 30


@pytest.mark.postgres
def test_after_a_large_listing_postgresql_knows_how_large_the_table_is(migrated_postgres_url):
    db = Database(migrated_postgres_url)
    store.remember_repositories(db, *HERE, [a_repository(f"team/{number}") for number in range(store.CHUNK)], NOON)
    with db.read() as session:
        assert session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'repositories'")) == store.CHUNK
    db.close()


def test_a_repository_is_forgotten_unless_it_was_seen_later(db):
    store.remember_repositories(db, *HERE, [a_repository("a"), a_repository("b")], NOON)
    remember_policy(db, RepositoryKey(*HERE, "b"), None, NOON + 2 * MINUTE)
    for name in ("a", "b"):
        store.forget_repository(db, RepositoryKey(*HERE, name), NOON + MINUTE)
    assert queries.repository_uri(db, RepositoryKey(*HERE, "a")) == ""
    assert queries.repository_uri(db, RepositoryKey(*HERE, "b"))


def test_the_caller_is_the_one_seen_last(db):
    store.remember_caller(db, "default", CallerIdentity("111122223333", "arn:new"), NOON + MINUTE)
    store.remember_caller(db, "default", CallerIdentity("999988887777", "arn:old"), NOON)
    assert queries.find_caller(db, "default") == (CallerIdentity("111122223333", "arn:new"), NOON + MINUTE)


def test_a_policy_is_not_overwritten_by_an_older_reading(db):
    store.remember_repository(db, "default", a_repository("a"), NOON)
    assert remember_policy(db, RepositoryKey(*HERE, "a"), None, NOON + MINUTE) is True
    assert remember_policy(db, RepositoryKey(*HERE, "a"), a_policy(), NOON) is False
    assert queries.find_repository(db, RepositoryKey(*HERE, "a")).has_policy is False


def test_a_policy_of_an_unknown_repository_is_not_kept(db):
    assert remember_policy(db, RepositoryKey(*HERE, "nowhere"), a_policy(), NOON) is False


def test_a_policy_that_is_none_is_shown_with_its_problem(db):
    store.remember_repository(db, "default", a_repository("a"), NOON)
    remember_policy(db, RepositoryKey(*HERE, "a"), "{", NOON)
    known = queries.find_repository(db, RepositoryKey(*HERE, "a"))
    assert (known.policy_text, known.problem.code) == ("{", "policy.not_json")


def test_a_policy_that_cannot_be_read_any_more_stays_as_it_was_known(db):
    store.remember_repository(db, "default", a_repository("a"), NOON)
    remember_policy(db, RepositoryKey(*HERE, "a"), a_policy(), NOON)
    refused = PolicyUnread("a", Problem("aws.access_denied"), NOON + MINUTE)
    remember_unread(db, *HERE, [refused])
    known = queries.find_repository(db, RepositoryKey(*HERE, "a"))
    assert (known.policy_text, known.policy_read_at, known.policy_tried_at) == (a_policy(), NOON, NOON + MINUTE)
    assert known.problem.code == "aws.access_denied"


def test_reading_a_policy_again_takes_its_problem_away(db):
    store.remember_repository(db, "default", a_repository("a"), NOON)
    remember_unread(db, *HERE, [PolicyUnread("a", Problem("aws.access_denied"), NOON)])
    remember_policy(db, RepositoryKey(*HERE, "a"), None, NOON + MINUTE)
    assert queries.find_repository(db, RepositoryKey(*HERE, "a")).problem is None


def test_principals_follow_the_policy(db):
    store.remember_repository(db, "default", a_repository("a"), NOON)
    remember_policy(db, RepositoryKey(*HERE, "a"), a_policy(), NOON)
    assert naming(db, "arn:aws:iam::111122223333:role/build") == ("a",)
    remember_policy(db, RepositoryKey(*HERE, "a"), None, NOON + MINUTE)
    assert naming(db, "arn:aws:iam::111122223333:role/build") == ()


def test_many_policies_are_kept_in_few_statements(db):
    repositories = [a_repository(f"team/{number}") for number in range(100)]
    store.remember_repositories(db, *HERE, repositories, NOON)
    with statements(db) as sent:
        remember_policies(db, *HERE, [PolicyRead(one.name, a_policy(), NOON) for one in repositories])
    assert len(naming(db, "arn:aws:iam::111122223333:role/build")) == 100
    assert len(sent) < 10
