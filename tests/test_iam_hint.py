import json

import pytest

from app.console.iam_hint import iam_statement
from app.errors import Problem

ARN = "arn:aws:ecr:us-east-1:123456789012:repository/tools/cli"
ANY = "arn:aws:ecr:us-east-1:*:repository/*"


@pytest.mark.parametrize(
    "account, resource, allowed",
    [
        ("", ARN, "arn:aws:ecr:us-east-1:123456789012:repository/*"),
        ("999999999999", ARN, "arn:aws:ecr:us-east-1:999999999999:repository/*"),
        ("", "*", ANY),
        ("", "arn:aws:ecr", ANY),
    ],
)
def test_a_statement_names_the_account_that_is_known(account, resource, allowed):
    denied = Problem("aws.access_denied", action="ecr:SetRepositoryPolicy", resource=resource, region="us-east-1")
    assert json.loads(iam_statement(denied, account))["Resource"] == allowed
