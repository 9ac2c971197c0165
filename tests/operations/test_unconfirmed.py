"""What people see of a write that AWS never confirmed."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from app.errors import Problem
from app.history.queries import get_operation
from app.inventory.models import SeenRepository
from app.messages import labels
from app.operations.state import Kind
from app.web.views.operation import operation_page
from tests.build import REGION, SERVICE, a_policy, a_statement
from tests.operations.workshop import active, repository

WEB = "storefront/web"
SET = "ecr:SetRepositoryPolicy"


def test_nothing_is_called_unchanged_that_may_have_been_changed(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    assert shop.run(shop.services.scanner.refresh_repository(REGION, WEB)) is None
    aws.fail(SET, Problem("aws.failed", retryable=True, effect_unknown=True, action=SET, region=REGION), times=100)
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.wrote_policy, ended.unconfirmed) == (False, True)
    assert labels.ending(ended) == (
        "AWS's answer was lost. The repository policy didn't have the change when it was last read."
    )


@pytest.fixture
def unanswered(shop, aws):
    """A grant whose writes were never answered, and which has ended; its id."""
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    assert shop.run(shop.services.scanner.refresh_repository(REGION, WEB)) is None
    aws.fail(SET, Problem("aws.failed", retryable=True, effect_unknown=True, action=SET, region=REGION), times=100)
    operation_id = shop.grant(SERVICE, WEB)
    shop.ended(operation_id)
    return operation_id


def read_as(shop, text):
    services = shop.services
    with services.db.write() as session:
        session.execute(update(SeenRepository).values(policy_text=text, policy_read_at=services.clock.now()))


def told(shop, operation_id):
    """The headline of the operation's page, and that of its change."""
    services = shop.services
    page = operation_page(services, get_operation(services.db, operation_id), services.clock.now())
    change = page.changes[0]
    assert page.shown.progress.read_since == shop.progress(operation_id).read_since
    return labels.ending(page.shown.progress), labels.unsure_write(change.read_since and change.read_since.shows)


@pytest.mark.parametrize(
    "what, ending, of_change",
    [
        ("after", "The repository policy had the change", "The policy had the change"),
        ("before", "The repository policy didn't have the change", "The policy didn't have the change"),
        ("other", "It isn't known whether the repository policy was changed", "different from both texts"),
        ("unread", "It isn't known whether the repository policy was changed", "no answer was recorded"),
    ],
)
def test_headlines_follow_what_a_later_reading_shows(shop, unanswered, what, ending, of_change):
    change = shop.changes(unanswered)[-1]
    texts = {"after": change.after, "before": change.before, "other": a_policy([a_statement(sid="Other")])}
    if what in texts:
        read_as(shop, texts[what])
    else:
        with shop.services.db.write() as session:
            session.execute(delete(SeenRepository))
    headline, detail = told(shop, unanswered)
    assert ending in headline
    assert of_change in detail


@pytest.mark.both_databases
def test_a_reading_from_before_the_write_says_nothing_of_it(shop, unanswered):
    change = shop.changes(unanswered)[-1]
    with shop.services.db.write() as session:
        earlier = change.unanswered_at - timedelta(seconds=1)
        session.execute(update(SeenRepository).values(policy_text=change.after, policy_read_at=earlier))
    assert "It isn't known" in told(shop, unanswered)[0]


def test_a_refused_write_leaves_the_policy_unchanged(shop, aws):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    aws.fail(SET, Problem("policy.refused", repository=WEB))
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.kind, ended.unconfirmed) == (Kind.GRANT, False)
    assert "not changed" in labels.ending(ended)
