import asyncio
import json

import pytest
from sqlalchemy import select

from app.console.operation_actions import actions_on
from app.console.role_changes import plan_reactivation, start_reactivation
from app.errors import Problem
from app.history.models import Operation
from app.inventory.policies import remember_policy
from app.operations.state import Kind, StepName
from tests.build import REGION, SERVICE, a_policy, puller_arn
from tests.console import until
from tests.operations.workshop import actions, active, inactive, repository, step

WEB = "storefront/web"
NAMES = (WEB, "storefront/api")


@pytest.fixture
def granted(shop, aws):
    """A service that can pull from two repositories."""
    active(aws, SERVICE)
    for name in NAMES:
        repository(aws, name, a_policy())
    for operation_id in [shop.grant(SERVICE, name) for name in NAMES]:
        shop.ended(operation_id)
    return aws


def parts_of(shop, operation_id: str) -> list[Operation]:
    with shop.services.db.read() as session:
        return list(session.scalars(select(Operation).where(Operation.follows == operation_id)))


def is_on(aws) -> bool:
    return aws.services(REGION).get_service(SERVICE).value.role.is_active


def test_a_role_is_switched_on(shop, aws):
    inactive(aws, SERVICE)
    assert shop.ended(shop.start(Kind.ACTIVATE, SERVICE)).outcome == "succeeded"
    assert is_on(aws)


def test_a_role_that_is_on_needs_nothing(shop, aws):
    active(aws, SERVICE)
    ended = shop.ended(shop.start(Kind.ACTIVATE, SERVICE))
    assert (ended.outcome, [str(each.state) for each in ended.steps]) == ("nothing_to_do", ["skipped", "skipped"])


def test_a_role_that_is_off_needs_nothing(shop, aws):
    inactive(aws, SERVICE)
    assert shop.ended(shop.start(Kind.DEACTIVATE, SERVICE)).outcome == "nothing_to_do"


def test_the_statements_go_before_the_role_does(shop, granted):
    ended = shop.ended(shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True))
    assert (ended.outcome, is_on(granted)) == ("succeeded", False)
    assert [len(granted.policy_of(name)["Statement"]) for name in NAMES] == [1, 1]


def test_each_removal_is_an_operation_of_its_own(shop, granted):
    off = shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True)
    shop.ended(off)
    assert {(part.kind, part.repository, part.outcome) for part in parts_of(shop, off)} == {
        ("revoke", name, "succeeded") for name in NAMES
    }


def test_a_role_is_kept_while_a_policy_still_names_it(shop, granted):
    refused = Problem("policy.refused", repository=NAMES[0], region=REGION)
    granted.fail("ecr:SetRepositoryPolicy", refused)
    ended = shop.ended(shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True))
    assert (ended.problem.code, is_on(granted)) == ("role.still_named", True)
    assert step(ended, StepName.DEACTIVATE_ROLE).state == "pending"


@pytest.mark.parametrize("undoes", [False, True])
def test_every_repository_whose_policy_could_not_be_changed_is_told(shop, granted, undoes):
    off = removed_and_off(shop) if undoes else ""
    granted.denied.add("ecr:SetRepositoryPolicy")
    if undoes:
        problem = shop.ended(shop.services.starter.undo(off, "mika")).problem
    else:
        problem = shop.ended(shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True)).problem
    assert problem.params["repositories"] == ", ".join(sorted(NAMES))


@pytest.mark.parametrize(
    "before, kind, name",
    [
        (inactive, Kind.ACTIVATE, StepName.ACTIVATE_ROLE),
        (active, Kind.DEACTIVATE, StepName.DEACTIVATE_ROLE),
    ],
)
def test_a_switch_whose_end_was_not_recorded_is_told_as_this_operations(shop, aws, before, kind, name):
    """The step runs again, and finds the role as it is to be."""
    before(aws, SERVICE)
    shop.points.do["role-switched"] = lambda: asyncio.ensure_future(shop.services.running.drop())
    ended = shop.ended(shop.start(kind, SERVICE))
    switch = step(ended, name)
    assert (ended.outcome, switch.state) == ("succeeded", "succeeded")
    assert switch.attempts > 1  # a slow machine may find it idle more than once
    assert actions(aws).count("UpdateContainerService") == 1


def test_statements_that_nobody_asked_to_remove_stay(shop, granted):
    ended = shop.ended(shop.start(Kind.DEACTIVATE, SERVICE))
    assert (ended.outcome, len(granted.policy_of(NAMES[0])["Statement"])) == ("succeeded", 2)


def test_the_statements_of_a_grant_that_was_stopped_after_its_write_go_too(shop, aws):
    """No reading showed that write: what is known of the policy is older than it."""
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    started: list[str] = []
    shop.points.do["write-planned"] = lambda: until(lambda: started)
    shop.points.do["policy-written"] = lambda: shop.services.starter.cancel(started[0], "mika")
    started.append(shop.grant(SERVICE, WEB))
    ended = shop.ended(started[0])
    assert (ended.outcome, ended.wrote_policy) == ("cancelled", True)
    off = shop.ended(shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True))
    assert (off.outcome, aws.policy_of(WEB)) == ("succeeded", json.loads(a_policy()))


def test_a_deactivation_changes_no_policy_that_its_preview_did_not_show(shop, granted):
    shown = {NAMES[0]: shop.previewed(Kind.REVOKE, SERVICE, NAMES[0])}
    off = shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True, previewed="0" * 32, shown=shown)
    ended = shop.ended(off)
    assert (ended.problem.code, ended.problem.params["repositories"]) == ("role.still_named", NAMES[1])
    assert ([len(granted.policy_of(name)["Statement"]) for name in NAMES], is_on(granted)) == ([1, 2], True)


def cancelled_at_first_read(shop, aws, start) -> str:
    """An operation that is cancelled while the first of its parts reads a policy."""
    ids: list[str] = []
    aws.meanwhile(
        "ecr:GetRepositoryPolicy", lambda: until(lambda: ids) and shop.services.starter.cancel(ids[0], "mika")
    )
    ids.append(start())
    return ids[0]


@pytest.mark.parametrize("undoes", [False, True])
def test_once_it_is_cancelled_none_of_its_parts_changes_a_policy(shop, granted, undoes):
    off = removed_and_off(shop) if undoes else ""
    before = [granted.policy_of(name) for name in NAMES]
    stopped = cancelled_at_first_read(
        shop,
        granted,
        lambda: (
            shop.services.starter.undo(off, "mika")
            if undoes
            else shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True)
        ),
    )
    assert (shop.ended(stopped).outcome, is_on(granted)) == ("cancelled", True)
    assert [part.outcome for part in parts_of(shop, stopped)] == ["cancelled"] * 2
    assert [granted.policy_of(name) for name in NAMES] == before


def test_what_somebody_else_requests_during_a_deactivation_is_not_cancelled_with_it(shop, granted):
    """It is no part of the deactivation, although a part does the same at that time."""
    ids: list[str] = []
    removals: list[str] = []

    def remove_and_cancel() -> None:
        until(lambda: ids)
        removals.extend(shop.revoke(SERVICE, name) for name in NAMES)
        shop.services.starter.cancel(ids[0], "mika")

    granted.meanwhile("ecr:GetRepositoryPolicy", remove_and_cancel)
    ids.append(shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True))
    assert (shop.ended(ids[0]).outcome, is_on(granted)) == ("cancelled", True)
    assert [shop.ended(removal).outcome for removal in removals] == ["succeeded"] * 2
    assert [len(granted.policy_of(name)["Statement"]) for name in NAMES] == [1, 1]


def test_what_somebody_else_requested_goes_on_when_the_deactivation_that_waits_for_it_is_cancelled(shop, granted):
    removal = shop.revoke(SERVICE, WEB)
    stopped = cancelled_at_first_read(
        shop, granted, lambda: shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True)
    )
    assert shop.ended(stopped).outcome == "cancelled"
    assert (shop.ended(removal).outcome, len(granted.policy_of(WEB)["Statement"])) == ("succeeded", 1)


def removed_and_off(shop) -> str:
    off = shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True)
    assert shop.ended(off).outcome == "succeeded"
    return off


def allowed_principals(aws, name: str) -> list[str]:
    return [statement["Principal"]["AWS"] for statement in aws.policy_of(name)["Statement"]]


def test_undoing_a_deactivation_puts_back_what_it_removed_for_the_role_that_aws_makes_now(shop, granted):
    before = {name: allowed_principals(granted, name) for name in NAMES}
    then = granted.services(REGION).get_service(SERVICE).value.role.principal_arn
    ended = shop.ended(shop.services.starter.undo(removed_and_off(shop), "mika"))
    now = granted.services(REGION).get_service(SERVICE).value.role.principal_arn
    assert (ended.kind, ended.outcome, is_on(granted)) == ("reactivate", "succeeded", True)
    assert now != then
    for name in NAMES:
        renewed = [now if principal == then else principal for principal in before[name]]
        assert (then in before[name], allowed_principals(granted, name)) == (True, renewed)


def test_a_repository_counts_as_changed_only_where_its_policy_was(shop, granted):
    off = removed_and_off(shop)
    undone, again = (shop.ended(shop.services.starter.undo(off, "mika")) for _ in range(2))
    notes = [step(each, StepName.PUT_BACK_STATEMENTS).note for each in (undone, again)]
    assert [(note.code, note.params) for note in notes] == [
        ("statements.put_back", {"count": 2}),
        ("statements.in_place", {"count": 0}),
    ]
    assert (undone.outcome, again.outcome) == ("succeeded", "nothing_to_do")


@pytest.mark.both_databases
def test_a_service_that_is_named_again_before_the_role_is_off_gets_back_what_it_had_at_first(shop, granted):
    """Its name is removed twice from one policy: the undo and its preview are about the first removal."""
    at_first = granted.policy_of(WEB)
    (own,) = (each for each in at_first["Statement"] if each["Sid"].startswith("AllowLightsailPull"))
    named_again = {**own, "Sid": "ByHand"}

    def name_again():
        policy = a_policy([*json.loads(a_policy())["Statement"], named_again])
        granted.known_repositories[REGION, WEB].policy = policy
        services = shop.services
        remember_policy(services.db, services.repository_key(REGION, WEB), policy, at=services.clock.now())

    granted.meanwhile("lightsail:UpdateContainerService", name_again)
    off = removed_and_off(shop)
    assert sorted(part.repository for part in parts_of(shop, off)) == sorted([*NAMES, WEB])
    plan = shop.run(plan_reactivation(shop.services, off))
    undone = shop.ended(start_reactivation(shop.services, off, "mika", plan))
    assert undone.outcome == "succeeded"
    sids = [statement["Sid"] for statement in granted.policy_of(WEB)["Statement"]]
    assert sids == [statement["Sid"] for statement in at_first["Statement"]]


def test_the_undo_of_a_deactivation_puts_back_no_more_than_that(shop, granted):
    """Access that somebody took away by themselves before, or a dead role that went along, stays away."""
    shop.ended(shop.revoke(SERVICE, NAMES[0]))
    stale = {**json.loads(a_policy())["Statement"][0], "Sid": "Stale", "Principal": {"AWS": puller_arn(birth=9)}}
    policy = granted.policy_of(NAMES[1])
    granted.known_repositories[REGION, NAMES[1]].policy = json.dumps(
        {**policy, "Statement": [*policy["Statement"], stale]}
    )
    ended = shop.ended(shop.services.starter.undo(removed_and_off(shop), "mika"))
    assert ended.outcome == "succeeded"
    assert [len(granted.policy_of(name)["Statement"]) for name in NAMES] == [1, 2]
    assert not {"Stale"} & {statement.get("Sid") for statement in granted.policy_of(NAMES[1])["Statement"]}


@pytest.mark.both_databases
def test_a_deactivation_that_kept_the_statements_is_undone_by_the_role_alone(shop, granted):
    off = shop.start(Kind.DEACTIVATE, SERVICE)
    shop.ended(off)
    policies = [granted.policy_of(name) for name in NAMES]
    assert shop.ended(shop.services.starter.undo(off, "mika")).outcome == "succeeded"
    assert (is_on(granted), [granted.policy_of(name) for name in NAMES]) == (True, policies)


def test_a_statement_that_others_changed_since_is_named_and_the_rest_is_put_back(shop, granted):
    off = removed_and_off(shop)
    granted.fail("ecr:SetRepositoryPolicy", Problem("policy.refused", repository=NAMES[0], region=REGION))
    ended = shop.ended(shop.services.starter.undo(off, "mika"))
    assert (ended.outcome, ended.problem.code) == ("failed", "role.not_put_back")
    assert sorted(len(granted.policy_of(name)["Statement"]) for name in NAMES) == [1, 2]
    again = shop.ended(shop.services.starter.retry(ended.id, "mika"))
    assert (again.outcome, [len(granted.policy_of(name)["Statement"]) for name in NAMES]) == ("succeeded", [2, 2])


def test_what_a_deactivation_did_not_do_is_not_undone(shop, granted):
    inactive(granted, "another")
    nothing = shop.start(Kind.DEACTIVATE, "another")
    shop.ended(nothing)
    with pytest.raises(Problem, match=r"role\.unchanged"):
        shop.services.starter.undo(nothing, "mika")
    granted.services(REGION).set_role_active(SERVICE, active=False)
    with pytest.raises(Problem, match=r"role\.was_off"):
        shop.services.starter.undo(removed_and_off(shop), "mika")
    assert not is_on(granted)


def test_a_deactivation_that_was_cancelled_before_it_began_offers_no_undo(shop, aws):
    inactive(aws, SERVICE)
    with aws.lock:  # the activation is at work until then
        shop.start(Kind.ACTIVATE, SERVICE)
        off = shop.start(Kind.DEACTIVATE, SERVICE)
        assert shop.services.starter.cancel(off, "mika")
    assert (shop.ended(off).outcome, actions_on(shop.progress(off)).undo) == ("cancelled", False)
