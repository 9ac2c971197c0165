"""Which principals of a policy belong to a service."""

import pytest

from app.operations.plans import Grantee, repairing, revoking
from tests.build import LIGHTSAIL_ACCOUNT, REGION, SERVICE, a_policy, a_statement, general_arn, puller_arn

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
