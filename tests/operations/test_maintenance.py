from datetime import UTC, datetime, timedelta

import pytest

from app.errors import Problem
from app.history.retention import Retention
from app.maintenance import Maintenance
from tests.build import SERVICE
from tests.console import until
from tests.fake_clock import FakeClock
from tests.operations.workshop import active, repository

WEB = "storefront/web"


@pytest.fixture
def done(shop, aws):
    """A grant that the engine knows as ended."""
    active(aws, SERVICE)
    repository(aws, WEB)
    operation_id = shop.grant(SERVICE, WEB)
    shop.ended(operation_id)
    until(lambda: shop.services.engine.find([operation_id])[operation_id].ended)
    return operation_id


def maintain(shop, *, after: timedelta, history_days: int = 0) -> None:
    clock = FakeClock(datetime.now(UTC) + after)
    db = shop.services.db
    Maintenance(db, shop.services.engine, clock, Retention(db, clock, history_days)).run()


def test_the_engine_forgets_what_ended_a_day_ago_and_the_history_does_not(shop, done):
    maintain(shop, after=timedelta(hours=25))
    assert shop.services.engine.find([done]) == {}
    assert shop.progress(done).outcome == "succeeded"


def test_the_engine_keeps_what_ended_today(shop, done):
    maintain(shop, after=timedelta(hours=23))
    assert done in shop.services.engine.find([done])


@pytest.mark.both_databases
def test_history_goes_after_the_days_that_are_set(shop, done):
    for days in (397, 400):
        maintain(shop, after=timedelta(days=days), history_days=365)
    with pytest.raises(Problem, match="not_found"):
        shop.services.starter.retry(done, "mika")
