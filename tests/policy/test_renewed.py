"""A recorded policy in terms of a role that has another ARN by now."""

import json

from app.policy.renewed import with_role_renewed
from tests.build import a_policy, a_statement, puller_arn

OLD, NEW, DEAD = puller_arn(birth=1), puller_arn(birth=2), puller_arn(birth=9)
OTHER = "arn:aws:iam::111122223333:role/build"


def renewed(*statements):
    text = with_role_renewed(a_policy(statements), old=OLD, new=NEW, dead=[DEAD])
    return None if text is None else json.loads(text)["Statement"]


def test_allow_statements_name_the_new_role_and_no_deleted_one():
    shared = a_statement(principal={"AWS": [OTHER, OLD, DEAD]})
    assert renewed(shared) == [{**shared, "Principal": {"AWS": [OTHER, NEW]}}]


def test_what_a_removal_does_not_change_is_kept():
    """Deny statements, conditions, and everyone."""
    deny = {**a_statement(principal={"AWS": OLD}), "Effect": "Deny"}
    condition = {**a_statement(principal={"AWS": OTHER}), "Condition": {"ArnEquals": {"aws:PrincipalArn": OLD}}}
    everyone = a_statement(principal="*")
    assert renewed(deny, condition, everyone) == [deny, condition, everyone]


def test_a_policy_of_deleted_roles_alone_is_none():
    assert renewed(a_statement(principal={"AWS": DEAD})) is None
