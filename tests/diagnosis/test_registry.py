"""A registry policy that can't be parsed may deny."""

from datetime import UTC, datetime

import pytest

from app.aws.ports import ContainerService, Role
from app.diagnosis.check_result import Status
from app.diagnosis.checks.policies import check_registry
from app.diagnosis.facts import Facts, Known

ARN = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers/web/private-repo-access/abc"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/web:1"
ALLOWS = f'{{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{ARN}"}}, "Action": "ecr:*"}}}}'


@pytest.mark.parametrize("text", ["{", '{"Statement": "x"}'])
def test_a_registry_policy_that_cannot_be_understood_is_not_checked(text):
    role = Role(is_active=True, principal_arn=ARN)
    service = ContainerService("us-east-1", "web", "", "123456789012", "RUNNING", role)
    facts = Facts(
        "us-east-1",
        "web",
        IMAGE,
        datetime(2026, 3, 1, tzinfo=UTC),
        service=Known(service),
        policy=Known(ALLOWS),
        registry_policy=Known(text),
        registry_scope=Known("V2"),
    )
    outcome = check_registry(facts)
    assert (outcome.status, outcome.said.code) == (Status.NOT_CHECKED, "unseen.registry_unreadable")
