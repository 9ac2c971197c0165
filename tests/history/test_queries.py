import pytest

from app.db import refresh_statistics
from app.history.batches import retry_of
from app.history.endings import operations_version
from app.history.living import list_living
from app.history.queries import LastGrant, followers, get_operation, last_grants
from app.history.standing import standing_grants
from app.history.undone import running_undo
from app.keys import ServiceKey
from tests.build import REGION, REPOSITORY, SERVICE
from tests.databases import query_plans, statements
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
    key = ServiceKey("default", REGION, "s-7")
    assert set(standing_grants(sqlite_db, key)) == {"team/7", "team/17"}
    plan, *_ = query_plans(sqlite_db, lambda: standing_grants(sqlite_db, key))
    assert "ix_operations_granted (connection=? AND region=? AND service=?)" in plan


@pytest.mark.parametrize("live", [0, 3])
def test_what_runs_is_found_without_a_look_at_what_has_ended(sqlite_db, live):
    """Every open page asks for it, every second: with years of history too."""
    for number in range(200):
        happened(sqlite_db, f"op-{number}", repository=f"team/{number}")
    for number in range(live):
        living(sqlite_db, f"live-{number}", NOON + number * MINUTE, repository=f"team/{number}")
    refresh_statistics(sqlite_db)
    version, *_ = query_plans(sqlite_db, lambda: operations_version(sqlite_db, "default"))
    of_all, *_ = query_plans(sqlite_db, lambda: list_living(sqlite_db, "default", limit=10))
    of_one, *_ = query_plans(sqlite_db, lambda: list_living(sqlite_db, "default", REGION, SERVICE, limit=10))
    for plan in (version, of_all, of_one):
        assert "ix_operations_live" in plan
    assert operations_version(sqlite_db, "default")[1] == live
    assert [row.id for row in list_living(sqlite_db, "default", REGION, SERVICE, limit=2)] == [
        f"live-{number}" for number in reversed(range(live))
    ][:2]


def test_a_retry_of_a_batch_is_told_from_its_undo(db):
    happened(db, "batch", kind="batch", batch_id="batch", input={"action": "grant"})
    living(db, "retry", kind="batch", follows="batch", batch_id="retry", input={"action": "grant", "retries": True})
    assert (retry_of(db, "batch"), running_undo(db, "batch")) == ("retry", "")
    living(db, "undo", kind="batch", follows="batch", batch_id="undo", input={"action": "undo"})
    assert (retry_of(db, "batch"), running_undo(db, "batch")) == ("retry", "undo")
