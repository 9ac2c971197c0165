from typing import Any

from sqlalchemy import event

from app.db import refresh_statistics
from app.history.queries import LastGrant, followers, get_operation, last_grants
from app.history.standing import standing_grants
from app.keys import ServiceKey
from tests.build import REGION, REPOSITORY, SERVICE
from tests.databases import statements
from tests.history.happened import MINUTE, NOON, happened, living


def grants(db, service=SERVICE):
    return last_grants(db, ServiceKey("default", REGION, service))


def test_an_operation_comes_with_its_steps_and_changes(db):
    happened(db, "op")
    operation = get_operation(db, "op")
    assert (operation.steps[0].name, operation.changes[0].after) == ("update_policy", "{}")


def test_an_unknown_operation_is_none(db):
    assert get_operation(db, "nowhere") is None


def test_who_followed_is_told_oldest_first(db):
    happened(db, "first")
    happened(db, "undo", NOON + 2 * MINUTE, follows="first")
    happened(db, "retry", NOON + MINUTE, follows="first")
    assert followers(db, "first") == ("retry", "undo")


def test_the_last_of_several_grants_is_told(db):
    happened(db, "first", asked_by="ken")
    happened(db, "again", NOON + MINUTE, asked_by="mika")
    assert grants(db) == {REPOSITORY: LastGrant(NOON + MINUTE, "mika")}


def test_what_gave_no_access_is_not_told(db):
    happened(db, "failed", outcome="failed")
    happened(db, "revoke", kind="revoke")
    happened(db, "elsewhere", region="eu-west-1")
    happened(db, "other", service="blog")
    living(db, "alive")
    assert grants(db) == {}


def test_forty_grants_take_as_many_statements_as_two(db):
    for number in range(2):
        happened(db, f"op-{number}", repository=f"team/{number}")
    with statements(db) as for_two:
        grants(db)
    for number in range(2, 40):
        happened(db, f"op-{number}", repository=f"team/{number}")
    with statements(db) as for_many:
        assert len(grants(db)) == 40
    assert len(for_many) == len(for_two)


def test_what_stands_of_a_service_is_found_by_its_grants_and_not_by_all_of_the_region(sqlite_db):
    """The planner likes an index in the order of the groups: with it, every operation of the Region would be read."""
    for number in range(200):
        happened(sqlite_db, f"op-{number}", service=f"s-{number % 50}", repository=f"team/{number % 20}", region=REGION)
    refresh_statistics(sqlite_db)
    sent: list[tuple[str, Any]] = []
    event.listen(sqlite_db.engine, "before_cursor_execute", lambda *call: sent.append((call[2], call[3])))
    assert set(standing_grants(sqlite_db, ServiceKey("default", REGION, "s-7"))) == {"team/7", "team/17"}
    statement, values = next(each for each in sent if each[0].startswith("SELECT"))
    with sqlite_db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert "ix_operations_granted (connection=? AND region=? AND service=?)" in plan[0][3]
