"""Which principals of a policy belong to a service."""

import pytest

from app.errors import Problem
from app.operations.explained import explained
from app.operations.planned import plan_operation
from app.operations.plans import Grantee, repairing, revoking
from app.operations.state import Kind
from tests.build import (
    LIGHTSAIL_ACCOUNT,
    REGION,
    SERVICE,
    a_policy,
    a_service,
    a_statement,
    an_active_role,
    general_arn,
    puller_arn,
)

NAMESAKE = puller_arn(SERVICE, birth=5).replace(LIGHTSAIL_ACCOUNT, "600700800900")
"""The role of a service of the same name that another AWS account has: Lightsail's roles live elsewhere for it."""


def subject(principal_arn):
    return Grantee(REGION, SERVICE, principal_arn, general_arn(SERVICE))


def policy(*principals):
    return a_policy([a_statement(sid=f"S{at}", principal={"AWS": arn}) for at, arn in enumerate(principals)])


@pytest.mark.parametrize(
    "plan, principal_arn", [(revoking, puller_arn(SERVICE)), (revoking, ""), (repairing, puller_arn(SERVICE))]
)
def test_another_accounts_service_of_the_same_name_is_let_alone(plan, principal_arn):
    after = plan(subject(principal_arn))(policy(NAMESAKE, puller_arn(SERVICE, birth=7), general_arn(SERVICE))).after
    assert NAMESAKE in after
    assert puller_arn(SERVICE, birth=7) not in after
    assert general_arn(SERVICE) not in after


def test_of_a_service_that_is_gone_the_path_of_its_role_is_all_that_is_known():
    change = revoking(Grantee(REGION, SERVICE, ""))(policy(puller_arn(SERVICE), puller_arn("another")))
    assert puller_arn(SERVICE) not in change.after
    assert puller_arn("another") in change.after


def test_a_preview_of_a_write_that_ecr_will_refuse_names_the_dead_principals_and_promises_no_access():
    service, dead = a_service(SERVICE, role=an_active_role(SERVICE)), "AROAEXAMPLEEXAMPLE123"
    plans = [plan_operation(Kind.GRANT, service, "storefront/web", policy(each), {}) for each in (dead, NAMESAKE)]
    assert [(plan.refused.code, plan.refused.params["principals"]) for plan in plans if plan.refused] == [
        ("policy.dead_principals", dead)
    ]
    assert [plan.afterwards is None for plan in plans] == [True, False]


@pytest.mark.parametrize(
    "kind, text, write",
    [
        (Kind.GRANT, policy(NAMESAKE), ["ecr:SetRepositoryPolicy"]),
        (Kind.REPAIR, policy(NAMESAKE), ["ecr:SetRepositoryPolicy"]),
        (Kind.REVOKE, policy(puller_arn(SERVICE)), ["ecr:DeleteRepositoryPolicy"]),
        (Kind.REVOKE, policy(NAMESAKE), []),
    ],
)
def test_a_preview_lists_the_calls_that_read_the_policy_before_the_write_and_after_it(kind, text, write):
    calls = plan_operation(kind, a_service(SERVICE, role=an_active_role(SERVICE)), "storefront/web", text).calls
    about_policy = [call.action for call in calls if call.action.endswith("RepositoryPolicy")]
    assert about_policy == ["ecr:GetRepositoryPolicy", *write, "ecr:GetRepositoryPolicy"]


def test_a_policy_that_is_too_long_is_told_with_what_would_make_room():
    problem = Problem("policy.too_long", retryable=False, repository="storefront/web")
    twice = a_policy([a_statement(), a_statement()])
    assert [code for code, _ in explained(problem, twice).details] == ["room.same_statements"]
    assert explained(problem, None).details == ()
    assert explained(Problem("policy.old_reading"), twice).details == ()


@pytest.mark.parametrize("kind", [Kind.GRANT, Kind.REPAIR])
def test_a_preview_of_access_for_a_role_that_is_off_lists_the_calls_that_activate_it(kind):
    calls = [call.action for call in plan_operation(kind, a_service(SERVICE), "storefront/web", None).calls]
    switch = calls.index("lightsail:UpdateContainerService")
    assert "lightsail:GetContainerServices" in calls[switch:]
    assert "ecr:SetRepositoryPolicy" in calls[switch:]


@pytest.mark.parametrize(
    "kind, given, reads_service",
    [
        (Kind.GRANT, {}, True),
        (Kind.REPAIR, {}, True),
        (Kind.REVOKE, {}, True),
        (Kind.RESTORE, {"text": None}, False),
        (Kind.UNDO, {"before": None, "after": policy(NAMESAKE)}, False),
        (Kind.PRUNE, {}, False),
    ],
)
def test_a_preview_lists_a_call_about_the_service_only_where_its_role_counts(kind, given, reads_service):
    service = a_service(SERVICE, role=an_active_role(SERVICE))
    planned = plan_operation(kind, service, "storefront/web", policy(NAMESAKE), given)
    about = [(call.action, call.on) for call in planned.calls if call.action.startswith("lightsail")]
    assert about == [("lightsail:GetContainerServices", SERVICE)] * reads_service
    assert {call.on for call in planned.calls if call.action.startswith("ecr")} == {"storefront/web"}
    assert (planned.verdict is not None) is reads_service
