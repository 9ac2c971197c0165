"""What a person is told of a write that AWS never confirmed."""

from app.errors import Problem
from app.messages import labels
from app.operations.state import Kind
from tests.build import REGION, SERVICE, a_policy
from tests.operations.workshop import active, repository

WEB = "storefront/web"
SET = "ecr:SetRepositoryPolicy"


def test_nothing_is_called_unchanged_that_may_have_been_changed(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    aws.fail(SET, Problem("aws.failed", retryable=True, effect_unknown=True, action=SET, region=REGION), times=100)
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.wrote_policy, ended.unconfirmed) == (False, True)
    assert labels.ending(ended).startswith("It isn't known whether the repository policy was changed")


def test_a_refused_write_leaves_the_policy_unchanged(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    aws.fail(SET, Problem("policy.refused", repository=WEB))
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.kind, ended.unconfirmed) == (Kind.GRANT, False)
    assert "not changed" in labels.ending(ended)
