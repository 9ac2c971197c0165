import pytest

from app.aws.ports import Role
from app.console.repositories import exists
from app.errors import Problem
from app.inventory import store
from app.keys import ServiceKey
from app.messages.problems import what_happened, what_to_do
from app.operations.state import Kind, StepName
from tests.build import REGION, SERVICE, a_policy, a_service, a_statement, puller_arn
from tests.console import until
from tests.operations.workshop import actions, active, inactive, repository, step

WEB = "storefront/web"


def sids(policy) -> list[str]:
    return [statement["Sid"] for statement in policy["Statement"]]


@pytest.fixture
def ready(aws):
    """A service whose role is on, and a repository without a policy."""
    active(aws, SERVICE)
    repository(aws, WEB)
    return aws


def test_an_active_role_is_let_in_with_five_calls(shop, ready):
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.outcome, sids(ready.policy_of(WEB))) == ("succeeded", [f"AllowLightsailPull-{SERVICE}"])
    assert actions(ready) == [
        "GetContainerServices",
        "GetRepositoryPolicy",
        "SetRepositoryPolicy",
        "DescribeRepositories",
        "GetRepositoryPolicy",
    ]


def test_the_request_id_of_a_refused_call_is_kept_for_support(shop, ready):
    ready.fail("ecr:SetRepositoryPolicy", Problem("policy.refused", request_id="r-refused", repository=WEB))
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert "r-refused" in step(ended, StepName.UPDATE_POLICY).request_ids


def test_a_repository_that_is_known_leaves_a_call_for_the_registry_policy(shop, ready):
    active(ready, "api")
    shop.ended(shop.grant(SERVICE, WEB))
    ready.calls.clear()
    ended = shop.ended(shop.grant("api", WEB))
    assert ended.outcome == "succeeded"
    assert actions(ready) == [
        "GetContainerServices",
        "GetRepositoryPolicy",
        "SetRepositoryPolicy",
        "GetRepositoryPolicy",
        "GetRegistryPolicy",
    ]
    assert ended.steps[-1].note.code == "access.allowed"


def test_an_inactive_role_costs_one_call_more_beside_the_polls(shop, aws):
    inactive(aws, SERVICE)
    repository(aws, WEB)
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert ended.outcome == "succeeded"
    beside_polls = [action for action in actions(aws)[1:] if action != "GetContainerServices"]
    assert beside_polls == [
        "UpdateContainerService",
        "GetRepositoryPolicy",
        "SetRepositoryPolicy",
        "DescribeRepositories",
        "GetRepositoryPolicy",
    ]


def test_each_step_of_a_grant_is_told_apart(shop, ready):
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert [(seen.name, seen.state) for seen in ended.steps] == [
        ("activate_role", "skipped"),
        ("wait_for_role", "skipped"),
        ("update_policy", "succeeded"),
        ("verify_access", "succeeded"),
    ]
    assert ended.image_uri.endswith("/storefront/web")


def test_what_others_wrote_stays_and_before_and_after_are_kept(shop, ready):
    repository(ready, WEB, a_policy())
    done = shop.grant(SERVICE, WEB)
    shop.ended(done)
    assert sids(ready.policy_of(WEB)) == ["BuildTeamPull", f"AllowLightsailPull-{SERVICE}"]
    [change] = shop.changes(done)
    assert change.before == a_policy()
    assert change.written_at is not None


def test_a_service_that_can_pull_already_needs_nothing(shop, ready):
    shop.ended(shop.grant(SERVICE, WEB))
    again = shop.grant(SERVICE, WEB)
    assert shop.ended(again).outcome == "nothing_to_do"
    assert shop.changes(again) == []


def test_a_service_that_does_not_exist_is_said_at_the_first_step(shop, aws):
    repository(aws, WEB)
    ended = shop.ended(shop.grant("nobody", WEB))
    assert (ended.outcome, ended.problem.code, ended.current.name) == ("failed", "service.not_found", "activate_role")


def test_a_repository_that_does_not_exist_is_said_before_anything_is_written(shop, aws):
    active(aws, SERVICE)
    ended = shop.ended(shop.grant(SERVICE, "nowhere/at-all"))
    assert (ended.problem.code, ended.wrote_policy) == ("repository.not_found", False)


def test_a_repository_that_was_deleted_outside_is_listed_no_longer_once_an_operation_saw_it(shop, ready):
    services = shop.services
    shop.run(services.scanner.refresh_repository(REGION, WEB))
    assert exists(services, REGION, WEB)
    del ready.known_repositories[REGION, WEB]
    progress = shop.ended(shop.grant(SERVICE, WEB))
    assert progress.problem.code == "repository.not_found"
    assert what_happened(progress.problem) == f"The repository {WEB} doesn't exist in {REGION}."
    assert "If it was deleted, create it again, then try again." in what_to_do(progress.problem)
    until(lambda: not exists(services, REGION, WEB))


def test_a_name_that_ecr_never_takes_starts_nothing(shop):
    with pytest.raises(Problem, match="bad_name"):
        shop.grant(SERVICE, "Not A Name")


def test_a_deny_that_no_allow_outweighs_is_named_and_nothing_written(shop, ready):
    denied = a_statement(sid="NoPulls", effect="Deny", principal="*")
    repository(ready, WEB, a_policy([denied]))
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.problem.code, ended.wrote_policy) == ("access.denied", False)
    assert "NoPulls" in ended.problem.params["statement"]


@pytest.mark.parametrize("meanwhile", [None, a_statement(sid="Late")])
def test_a_deny_under_a_condition_is_written_beside_and_said(shop, ready, meanwhile):
    elsewhere = {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    denied = a_statement(sid="OursOnly", effect="Deny", principal="*", Condition=elsewhere)
    repository(ready, WEB, a_policy([denied]))
    if meanwhile is not None:
        add = lambda: repository(ready, WEB, a_policy([*ready.policy_of(WEB)["Statement"], meanwhile]))  # noqa: E731
        ready.meanwhile("ecr:DescribeRepositories", add)
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.outcome, ended.is_conditional) == ("succeeded", True)


def test_a_deny_that_comes_after_our_write_is_told_with_its_statement(shop, ready):
    denied = a_statement(sid="NoPulls", effect="Deny", principal="*")

    def deny():
        statements = ready.policy_of(WEB)["Statement"]
        repository(ready, WEB, a_policy([*statements, denied]))

    ready.meanwhile("ecr:DescribeRepositories", deny)
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.problem.code, ended.wrote_policy) == ("access.denied", True)
    assert "NoPulls" in ended.problem.params["statement"]


def test_a_repair_replaces_the_principal_that_died(shop, ready):
    dead = puller_arn(SERVICE, birth=7)
    ours = a_statement(sid=f"AllowLightsailPull-{SERVICE}", principal={"AWS": dead})
    ready.dead.add(dead)
    repository(ready, WEB, a_policy([a_statement(), ours]))
    ended = shop.ended(shop.start(Kind.REPAIR, SERVICE, WEB))
    assert ended.outcome == "succeeded"
    assert [s["Principal"]["AWS"] for s in ready.policy_of(WEB)["Statement"][1:]] == [puller_arn(SERVICE)]


def test_the_wait_says_that_it_waits(shop, aws):
    aws.activation_seconds, before = 600, aws.activation_seconds
    inactive(aws, SERVICE)
    repository(aws, WEB)
    waiting = shop.grant(SERVICE, WEB)
    seen = shop.at(waiting, StepName.WAIT_FOR_ROLE, "role.usually")
    aws.activation_seconds = before
    assert (seen.attempts, shop.ended(waiting).outcome) == (1, "succeeded")
    assert step(shop.progress(waiting), StepName.ACTIVATE_ROLE).state == "succeeded"


@pytest.mark.parametrize("again", [False, True])
def test_a_role_that_was_switched_off_before_the_proof_is_no_success(shop, ready, again):
    def switched():
        service = ready.services(REGION).set_role_active(SERVICE, active=False).value
        if again:
            service = a_service(SERVICE, role=Role(is_active=True, principal_arn=puller_arn(SERVICE, birth=9)))
            ready.add_service(service)
        store.remember_service(shop.services.db, "default", service, shop.services.clock.now())

    shop.points.do["policy-written"] = switched
    assert shop.ended(shop.grant(SERVICE, WEB)).problem.code == "role.switched_off"


def test_a_service_that_somebody_deleted_before_the_proof_is_no_success(shop, ready):
    def deleted():
        ready.remove_service(REGION, SERVICE)
        store.forget_service(shop.services.db, ServiceKey("default", REGION, SERVICE), shop.services.clock.now())

    shop.points.do["policy-written"] = deleted
    assert shop.ended(shop.grant(SERVICE, WEB)).problem.code == "service.not_found"


def test_an_older_reading_of_the_role_is_checked_and_does_not_fail_the_grant(shop, ready):
    older = a_service(SERVICE)
    shop.points.do["policy-written"] = lambda: store.remember_service(
        shop.services.db, "default", older, shop.services.clock.now()
    )
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"
    assert actions(ready).count("GetContainerServices") == 2
