"""Operations that a restored history shows as running end as interrupted; nothing else changes."""

from sqlalchemy import select

from app.history.interrupted import interrupt_all
from app.history.models import Operation, PolicyChange, Step
from tests.databases import statements
from tests.history.happened import DAY, MINUTE, NOON, happened, living

LATER = NOON + DAY


def interrupt(db):
    with db.write() as session:
        return interrupt_all(session, LATER)


def states(db, operation_id):
    with db.read() as session:
        return session.scalars(
            select(Step.state).where(Step.operation_id == operation_id).order_by(Step.position)
        ).all()


def test_living_operations_end_and_say_so_to_whoever_polls(db):
    living(db, "live", version=7)
    assert interrupt(db) == 1
    with db.read() as session:
        row = session.get(Operation, "live")
        assert (row.outcome, row.ended_at, row.version) == ("interrupted", LATER, 8)


def test_steps_that_were_done_stay_done(db):
    operation = living(db, "live")
    with db.write() as session:
        session.add(Step(operation_id=operation.id, position=1, name="verify_access", state="running"))
        session.add(Step(operation_id=operation.id, position=2, name="verify_policy", state="pending"))
    interrupt(db)
    assert states(db, "live") == ["succeeded", "interrupted", "interrupted"]


def test_what_had_ended_stays_as_it_was(db):
    happened(db, "ended")
    with db.write() as session:
        session.add(Step(operation_id="ended", position=1, name="verify_access", state="pending"))
    assert interrupt(db) == 0
    with db.read() as session:
        row = session.get(Operation, "ended")
        assert (row.outcome, row.ended_at) == ("succeeded", NOON + MINUTE)
    assert states(db, "ended") == ["succeeded", "pending"]


def test_a_write_without_an_answer_stays_without_one(db):
    operation = living(db, "live")
    with db.write() as session:
        session.merge(operation).changes[0].written_at = None
    interrupt(db)
    with db.read() as session:
        assert session.scalars(select(PolicyChange.written_at)).all() == [None]


def test_the_same_may_be_asked_for_again(db):
    living(db, "live", subject="s")
    interrupt(db)
    living(db, "again", subject="s")


def test_it_takes_two_statements_however_many_there_are(db):
    for number in range(20):
        living(db, str(number))
    with statements(db) as sent:
        assert interrupt(db) == 20
    assert len([one for one in sent if one.startswith("UPDATE")]) == 2
