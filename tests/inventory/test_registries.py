"""A registry policy is stored with its age, and decides wherever the store says what a service can pull."""

import json

import pytest

from app.errors import Problem
from app.inventory import circumstances, queries, repository_search, store
from app.inventory.access import LIMIT, Tie, repositories_of
from app.inventory.policies import remember_policy
from app.inventory.registries import RegistryReading, find_registry, read_registry, remember_registry
from app.keys import RepositoryKey, ServiceKey
from app.policy.evaluate import evaluate
from app.policy.layers import RegistryScope
from app.policy.verdict import Access
from tests.build import REGION, a_repository, a_service, an_active_role, puller_arn
from tests.databases import statements
from tests.fake_clock import FakeClock
from tests.fakes import FakeAws
from tests.inventory.at import HERE, MINUTE, NOON, allow, keep, keep_many

SHOP = a_service("shop", role=an_active_role("shop"))
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
DENIED = Problem("aws.access_denied", action="ecr:GetRegistryPolicy", resource="*", region=REGION)


def policy(effect, name, **more):
    """A registry policy about the repositories of this name."""
    resource = f"arn:aws:ecr:{REGION}:*:repository/{name}"
    statement = {"Sid": "It", "Effect": effect, "Principal": "*", "Action": PULL, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **more}]})


def know(db, text, *, scope="V2", at=NOON, problem=None):
    remember_registry(db, *HERE, RegistryReading(at, text, scope if text else None, problem))


def seen(db):
    rows = repositories_of(db, "default", SHOP).rows
    return {row.repository.name: (row.tie, row.verdict.access if row.verdict else None) for row in rows}


def test_nothing_is_known_before_it_was_read(db):
    known = find_registry(db, *HERE)
    assert (known.policy.read, known.policy.problem, known.read_at) == (False, "", None)


def test_a_refusal_is_kept_with_the_permission_that_is_missing(db):
    know(db, None, problem=DENIED)
    known = find_registry(db, *HERE)
    assert (known.policy.read, known.policy.action) == (False, "ecr:GetRegistryPolicy")
    assert (known.read_at, known.tried_at, known.problem.code) == (None, NOON, "aws.access_denied")


def test_a_later_refusal_leaves_the_policy_with_its_age(db):
    know(db, policy("Deny", "a"))
    know(db, None, at=NOON + MINUTE, problem=DENIED)
    known = find_registry(db, *HERE)
    assert (known.policy.text, known.policy.scope) == (policy("Deny", "a"), RegistryScope.V2)
    assert (known.read_at, known.tried_at) == (NOON, NOON + MINUTE)


def test_an_older_reading_changes_nothing(db):
    know(db, policy("Deny", "a"), at=NOON + MINUTE)
    know(db, None)
    assert find_registry(db, *HERE).policy.text == policy("Deny", "a")


def test_a_policy_that_was_deleted_is_none(db):
    know(db, policy("Deny", "a"))
    know(db, None, at=NOON + MINUTE)
    known = find_registry(db, *HERE).policy
    assert (known.read, known.text) == (True, None)


@pytest.mark.parametrize("scope, access", [("V2", Access.DENIED), ("V1", Access.ALLOWED), (None, Access.CONDITIONAL)])
def test_a_deny_counts_by_its_scope(db, scope, access):
    keep(db, "web", allow(puller_arn("shop")))
    know(db, policy("Deny", "web"), scope=scope)
    assert seen(db) == {"web": (Tie.ROLE, access)}


def test_a_deny_takes_the_repository_out_of_the_count(db):
    store.remember_service(db, "default", SHOP, NOON)
    keep(db, "web", allow(puller_arn("shop")))
    keep(db, "api", allow(puller_arn("shop")))
    assert queries.find_service(db, ServiceKey(*HERE, "shop")).can_pull == 2
    know(db, policy("Deny", "web"))
    assert queries.find_service(db, ServiceKey(*HERE, "shop")).can_pull == 1
    assert [service.can_pull for service in queries.list_services(db, "default")] == [1]


def test_an_allow_lists_the_repositories_that_it_opens(db):
    keep(db, "team/a")
    keep(db, "other/a")
    know(db, policy("Allow", "team/*"))
    assert seen(db) == {"team/a": (Tie.REGISTRY, Access.ALLOWED)}
    assert [choice.name for choice in repository_search.choices(db, "default", SHOP).rows] == ["other/a"]


def counted(db):
    store.remember_service(db, "default", SHOP, NOON)
    return queries.find_service(db, ServiceKey(*HERE, "shop")).can_pull


def test_the_repositories_that_an_allow_opens_are_counted(db):
    denied = {"Sid": "No", "Effect": "Deny", "Principal": "*", "Action": PULL}
    for name, statements_of in {
        "team/a": [],
        "team/b": [allow(puller_arn("shop"))],
        "team/c": [denied],
        "team/d": [allow(puller_arn("blog"))],
        "team_e": [],
        "other/a": [],
        "other/b": [allow(puller_arn("shop"))],
    }.items():
        keep(db, name, *statements_of)
    store.remember_repository(db, "default", a_repository("team/unread"), NOON)
    store.remember_repository(db, "default", a_repository("team/unreadable"), NOON)
    remember_policy(db, RepositoryKey(*HERE, "team/unreadable"), "{", NOON)
    know(db, policy("Allow", "team/*"))
    assert counted(db) == 4
    assert [service.can_pull for service in queries.list_services(db, "default")] == [4]


def test_a_deny_for_all_but_a_few_is_counted_as_one_although_it_names_only_the_few(db):
    few = {"Effect": "Deny", "NotPrincipal": {"AWS": "999988887777"}, "Action": PULL}
    keep(db, "team/a", few)
    keep(db, "team/b", {**few, "Action": "ecr:PutImage"})
    know(db, policy("Allow", "team/*"))
    assert [access for _, access in seen(db).values()] == [Access.DENIED, Access.ALLOWED]
    assert counted(db) == 1


@pytest.mark.parametrize(
    "name, count",
    [("*", 3), ("team/?", 2), ("*/b", 1), ("team/${aws:username}", 0), ("team/a", 1)],
)
def test_the_count_follows_the_pattern_of_the_allow(db, name, count):
    for repository in ("team/a", "team/b", "shop"):
        keep(db, repository)
    know(db, policy("Allow", name))
    assert counted(db) == count


def test_a_condition_that_is_not_decided_counts_nothing(db):
    keep(db, "web")
    know(db, policy("Allow", "web", Condition={"StringEquals": {"ecr:ResourceTag/team": "a"}}))
    assert counted(db) == 0


def test_an_allow_for_one_role_opens_nothing_to_another(db):
    keep(db, "web")
    keep(db, "api", allow(puller_arn("shop")))
    know(db, policy("Allow", "*", Principal={"AWS": puller_arn("blog")}))
    assert counted(db) == 1


def test_the_count_takes_as_many_statements_and_verdicts_however_many_there_are(db, monkeypatch):
    judged = []
    monkeypatch.setattr(circumstances, "evaluate", lambda *args, **more: judged.append(1) or evaluate(*args, **more))
    know(db, policy("Allow", "team/*"))
    keep_many(db, [f"team/{number}" for number in range(700)])
    store.remember_service(db, "default", SHOP, NOON)
    with statements(db) as sent:
        assert queries.find_service(db, ServiceKey(*HERE, "shop")).can_pull == 700
    assert (len(judged) <= 1, len(sent) <= 7) == (True, True)


def test_all_repositories_that_an_allow_opens_are_told_by_their_number(db):
    know(db, policy("Allow", "team/*"))
    keep_many(db, [f"team/{number}" for number in range(700)])
    keep(db, "team/0", allow(puller_arn("shop")))
    keep(db, "web", allow(puller_arn("shop")))
    found = repositories_of(db, "default", SHOP)
    assert (len(found.rows), found.left_out) == (LIMIT, 701 - LIMIT)


def test_a_deny_is_told_where_repositories_are_chosen(db):
    keep(db, "web")
    know(db, policy("Deny", "web"))
    assert [choice.verdict.access for choice in repository_search.choices(db, "default", SHOP).rows] == [Access.DENIED]


def test_a_role_that_is_off_is_denied_where_no_role_could_pull(db):
    off = a_service("shop")
    keep(db, "web", allow(puller_arn("shop")))
    assert repositories_of(db, "default", off).rows[0].verdict is None
    know(db, policy("Deny", "web"))
    assert repositories_of(db, "default", off).rows[0].verdict.access is Access.DENIED
    know(db, policy("Deny", "web", Condition={"ArnLike": {"aws:PrincipalArn": "*shop*"}}), at=NOON + MINUTE)
    assert repositories_of(db, "default", off).rows[0].verdict is None


async def calls_of(aws, **known):
    async def call(read):
        return read().value

    reading = await read_registry(aws.registry(REGION), call, NOON, **known)
    return reading, [made.operation for made in aws.calls]


@pytest.mark.parametrize(
    "text, calls", [(None, ["GetRegistryPolicy"]), ("{}", ["GetRegistryPolicy", "GetAccountSetting"])]
)
async def test_a_registry_is_read_by_at_most_two_calls(text, calls):
    aws = FakeAws(FakeClock())
    if text is not None:
        aws.registry_policies[REGION] = text
    reading, made = await calls_of(aws)
    assert (reading.text, made) == (text, calls)


async def test_a_scope_that_may_not_be_read_is_unknown(db):
    aws = FakeAws(FakeClock())
    aws.registry_policies[REGION] = policy("Deny", "web")
    aws.denied.add("ecr:GetAccountSetting")
    reading, _ = await calls_of(aws)
    remember_registry(db, *HERE, reading)
    assert find_registry(db, *HERE).policy.scope is None


async def test_what_is_wrong_beyond_the_registry_is_no_answer_of_it():
    aws = FakeAws(FakeClock())
    aws.fail("ecr:GetRegistryPolicy", Problem("aws.unreachable", retryable=True, endpoint="ecr"))
    with pytest.raises(Problem):
        await calls_of(aws)
