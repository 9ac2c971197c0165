"""Recovery runs behind every workshop; idle live operations continue automatically."""

import pytest
from dbos import _dbos
from dbos._schemas.system_database import SystemSchema
from sqlalchemy import update

from app.history import store
from app.history.models import Operation
from app.operations.engine import AT_WORK, VERSION, WorkflowState
from app.operations.ids import new_id
from app.operations.lease import InstanceTakenError, Pace, lease_for
from app.operations.recovery import Recovery
from app.operations.replica import RECOVER_EVERY
from app.operations.state import STEPS, Kind, StepName
from tests.build import REGION, SERVICE
from tests.console import until
from tests.fake_clock import FakeClock
from tests.operations.workshop import active, inactive, repository

WEB = "storefront/web"


@pytest.fixture
def recovery(shop):
    services = shop.services
    lease = lease_for(services.db, "local", VERSION, Pace())
    return Recovery(services.db, services.engine, services.starter, lease, services.clock)


@pytest.fixture
def ready(aws):
    active(aws, SERVICE)
    repository(aws, WEB)
    return aws


@pytest.mark.parametrize("open_shop", ["sqlite"], indirect=True)
def test_nobody_else_can_be_the_instance_that_works_here(shop):
    services = shop.services
    with pytest.raises(InstanceTakenError):
        lease_for(services.db, services.settings.instance, VERSION, Pace()).claim()


def test_one_that_was_recorded_and_never_handed_over_is_done(shop, ready):
    now = shop.services.clock.now()
    new = store.NewOperation(
        new_id(now), "grant", "default", REGION, SERVICE, WEB, "never handed over", "mika", STEPS[Kind.GRANT]
    )
    store.insert_or_join(shop.services.db, new, lambda *_: "", now)
    assert shop.ended(new.id).outcome == "succeeded"


def test_one_whose_end_could_not_be_recorded_is_done_again(shop, ready):
    lost = shop.grant(SERVICE, WEB)
    shop.ended(lost)
    until(lambda: shop.services.engine.find([lost])[lost].ended)
    with shop.services.db.write() as session:
        session.execute(update(Operation).where(Operation.id == lost).values(outcome=None, ended_at=None))
    assert shop.ended(lost).outcome == "succeeded"


def test_what_a_gone_instance_ended_and_did_not_record_holds_up_nobody(shop, ready):
    """A command stops as soon as its operation has ended; the engine's own record of the end may be missing then."""
    ended = shop.grant(SERVICE, WEB)
    shop.ended(ended)
    until(lambda: shop.services.engine.find([ended])[ended].ended)
    with _dbos._get_dbos_instance()._sys_db.engine.begin() as engine:
        row = SystemSchema.workflow_status.c
        unrecorded = {row.status: AT_WORK, row.executor_id: "command-gone", row.completed_at: None}
        engine.execute(update(SystemSchema.workflow_status).where(row.workflow_uuid == ended).values(unrecorded))
    assert shop.ended(shop.revoke(SERVICE, WEB)).outcome == "succeeded"
    assert shop.services.engine.find([ended])[ended].ended


def test_one_that_counts_as_at_work_here_and_is_not_goes_on(shop, aws):
    aws.activation_seconds, usual = 2_000, aws.activation_seconds
    inactive(aws, SERVICE)
    repository(aws, WEB)
    waiting = shop.grant(SERVICE, WEB)
    shop.at(waiting, StepName.WAIT_FOR_ROLE)
    shop.run(shop.services.running.drop())
    aws.activation_seconds = usual
    until(lambda: shop.progress(waiting).steps[1].attempts > 1)
    shop.services.starter.cancel(waiting, "mika")
    shop.ended(waiting)


def test_what_is_at_work_is_left_alone(shop, aws, recovery):
    aws.activation_seconds, usual = 2_000, aws.activation_seconds
    inactive(aws, SERVICE)
    repository(aws, WEB)
    waiting = shop.grant(SERVICE, WEB)
    shop.at(waiting, StepName.WAIT_FOR_ROLE)
    aws.activation_seconds = usual
    for _ in range(3):
        recovery.put_right(shop.services.running.ids)
    assert shop.progress(waiting).steps[1].attempts == 1
    shop.services.starter.cancel(waiting, "mika")
    shop.ended(waiting)


class SilentEngine:
    """An engine whose operations are assigned here and never begin, as while its database is silent."""

    def __init__(self) -> None:
        self.runs: frozenset[str] = frozenset()
        self.resumed: list[str] = []

    def find(self, ids):
        return {id_: WorkflowState("PENDING", "local", VERSION, "local") for id_ in ids}

    def forget(self, ids):
        assert not ids

    def executing(self):
        return self.runs

    def instances_at_work(self):
        return frozenset({"local"})

    def resume(self, ids):
        self.resumed += ids
        return len(ids)


@pytest.fixture
def silent(sqlite_db):
    """Recovery beside a silent engine, its clock, and the one operation that lives."""
    clock, engine = FakeClock(jumps=False), SilentEngine()
    new = store.NewOperation(
        new_id(clock.now()), "grant", "default", REGION, SERVICE, WEB, "waits", "mika", STEPS[Kind.GRANT]
    )
    store.insert_or_join(sqlite_db, new, lambda *_: "", clock.now())
    clock.advance(60)
    recovery = Recovery(sqlite_db, engine, None, lease_for(sqlite_db, "local", VERSION, Pace()), clock)
    return recovery, engine, clock, new.id


def test_one_whose_end_the_engine_has_yet_to_record_is_left_alone(silent):
    recovery, engine, _, living = silent
    engine.runs = frozenset({living})
    for _ in range(5):
        recovery.put_right(frozenset())
    assert engine.resumed == []


def test_one_that_does_not_begin_is_resumed_ever_more_seldom(silent):
    recovery, engine, clock, living = silent
    for _ in range(int(25 * 60 / RECOVER_EVERY)):
        recovery.put_right(frozenset())
        clock.advance(RECOVER_EVERY)
    assert 3 <= engine.resumed.count(living) <= 6
