from app.history.queries import LastGrant, followers, get_operation, last_grants
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
