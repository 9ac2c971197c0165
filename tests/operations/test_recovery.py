"""Recovery runs behind every workshop; idle live operations continue automatically."""

import itertools
from datetime import timedelta
from unittest import mock

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


@pytest.mark.both_databases
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


class ToldEngine(SilentEngine):
    """An engine that knows what it is told to know."""

    def __init__(self) -> None:
        super().__init__()
        self.states: dict[str, WorkflowState] = {}
        self.instances = frozenset({"local"})
        self.did: list[tuple[str, object]] = []

    def find(self, ids):
        return {id_: self.states[id_] for id_ in ids if id_ in self.states}

    def forget(self, ids):
        self.did.append(("forget", ids))

    def instances_at_work(self):
        return self.instances

    def take_over(self, instance):
        self.did.append(("take over", instance))
        return 2


@pytest.fixture
def told(silent, caplog):
    """Recovery beside an engine that knows nothing, and the operation that lives."""
    recovery, _, clock, living = silent
    engine = ToldEngine()
    recovery._engine = engine
    recovery._starter = mock.Mock(spec=["enqueue"])
    return recovery, engine, clock, living


@pytest.mark.parametrize(
    "known, begins_anew",
    [
        (None, True),
        (("PENDING", VERSION), False),
        (("ENQUEUED", VERSION), False),
        (("ENQUEUED", "operations-0"), True),  # no replica can run it
        (("SUCCESS", VERSION), True),
        (("ERROR", VERSION), True),
        (("CANCELLED", VERSION), True),
        (("MAX_RECOVERY_ATTEMPTS_EXCEEDED", VERSION), True),
    ],
)
def test_what_nobody_will_run_begins_anew(told, caplog, known, begins_anew):
    recovery, engine, _, living = told
    if known is not None:
        status, version = known
        engine.states[living] = WorkflowState(status, "another", version, "local")
    assert recovery.put_right(frozenset()) == int(begins_anew)
    assert [call.args[0].id for call in recovery._starter.enqueue.call_args_list] == [living] * begins_anew
    forgotten = [each for what, each in engine.did if what == "forget"]
    assert [id_ for ids in forgotten for id_ in ids] == [living] * (known is not None and begins_anew)
    assert ("1 operations had nobody who worked on them" in caplog.text) is begins_anew


def test_what_is_on_its_way_to_the_engine_is_left_alone(told):
    recovery, _, clock, _ = told
    for seconds, left_alone in [(-6, False), (-4, True), (4, True), (6, False)]:
        recovery._starter.enqueue.reset_mock()
        new = store.NewOperation(
            f"new-{seconds}", "grant", "default", REGION, SERVICE, WEB, f"{seconds}", "mika", STEPS[Kind.GRANT]
        )
        store.insert_or_join(recovery._db, new, lambda *_: "", clock.now() + timedelta(seconds=seconds))
        recovery.put_right(frozenset())
        enqueued = [call.args[0].id for call in recovery._starter.enqueue.call_args_list]
        assert (new.id in enqueued) is not left_alone


def test_work_of_replicas_that_are_gone_is_taken_over(told, caplog):
    recovery, engine, _, living = told
    engine.states[living] = WorkflowState("PENDING", "gone", VERSION, "local")
    engine.instances = frozenset({"local", "gone"})
    assert recovery.put_right(frozenset()) == 2
    assert engine.did == [("take over", "gone"), ("forget", [])]
    assert "2 operations had nobody" in caplog.text


@pytest.mark.parametrize("at_work", [True, False])
def test_one_that_is_assigned_here_is_idle_only_if_two_looks_show_it(told, at_work):
    recovery, engine, _, living = told
    engine.states[living] = WorkflowState("PENDING", "local", VERSION, "local")
    ids = frozenset({living}) if at_work else frozenset()
    assert [recovery.put_right(ids) for _ in range(2)] == [0, 0 if at_work else 1]
    assert engine.resumed == ([] if at_work else [living])


def test_one_that_was_idle_and_works_again_needs_two_looks_again(told):
    recovery, engine, _, living = told
    engine.states[living] = WorkflowState("PENDING", "local", VERSION, "local")
    for ids in (frozenset(), {living}, frozenset()):
        recovery.put_right(frozenset(ids))
    assert engine.resumed == []


def test_the_pause_before_the_next_resumption_doubles_up_to_an_hour(told):
    recovery, engine, clock, living = told
    engine.states[living] = WorkflowState("PENDING", "local", VERSION, "local")
    resumed_at = []
    began = clock.monotonic()
    while clock.monotonic() - began < 11_500:
        if recovery.put_right(frozenset()):
            resumed_at.append(clock.monotonic() - began)
        clock.advance(60)
    pauses = [later - earlier for earlier, later in itertools.pairwise(resumed_at)]
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]


@pytest.mark.parametrize("waited, moved", [(20, True), (40, False)])
def test_the_queue_counts_as_stuck_once_one_waits_longer_than_it_may(told, waited, moved):
    recovery, _, _, _ = told  # the operation has waited for a minute
    assert recovery.queue_turns(timedelta(seconds=80 - waited)) is moved
