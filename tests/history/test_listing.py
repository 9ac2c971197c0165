import pytest

from app.history.search import RUNNING, HistoryFilter, OperationCursor, each_operation, list_operations
from app.operations.read import outline_of
from tests.databases import statements
from tests.history.happened import MINUTE, NOON, happened, living

ALL = HistoryFilter()


def ids(found):
    return [operation.id for operation in found]


def ten(db):
    for number in range(10):
        happened(db, f"op-{number}", NOON + number * MINUTE)


def test_the_newest_come_first_with_their_steps_and_changes(db):
    happened(db, "old", NOON)
    happened(db, "new", NOON + MINUTE)
    found = list_operations(db, ALL).operations
    assert ids(found) == ["new", "old"]
    assert (found[0].steps[0].request_ids, found[0].changes[0].after) == (["request-1"], "{}")


def test_lines_are_one_statement_and_need_neither_steps_nor_changes(db):
    ten(db)
    with statements(db) as sent:
        lines = [outline_of(operation) for operation in list_operations(db, ALL, whole=False).operations]
    assert len([statement for statement in sent if statement.startswith("SELECT")]) == 1
    assert (lines[0].outcome, lines[0].steps) == ("succeeded", ())


def test_pages_follow_one_another_down_and_up(db):
    ten(db)
    first = list_operations(db, ALL, limit=4)
    second = list_operations(db, ALL, older_than=first.older, limit=4)
    last = list_operations(db, ALL, older_than=second.older, limit=4)
    assert [ids(page.operations) for page in (second, last)] == [["op-5", "op-4", "op-3", "op-2"], ["op-1", "op-0"]]
    assert list_operations(db, ALL, newer_than=last.newer, limit=4).operations[0].id == "op-5"
    assert list_operations(db, ALL, newer_than=second.newer, limit=4).operations[-1].id == "op-6"


def test_a_page_knows_whether_there_is_more(db):
    ten(db)
    first = list_operations(db, ALL, limit=5)
    last = list_operations(db, ALL, older_than=first.older, limit=5)
    assert (first.newer, last.older) == (None, None)
    back = list_operations(db, ALL, newer_than=last.newer, limit=5)
    assert (ids(back.operations), back.newer) == (ids(first.operations), None)


def test_operations_asked_for_at_the_same_moment_are_each_listed_once(db):
    for number in range(5):
        happened(db, f"op-{number}")
    first = list_operations(db, ALL, limit=2)
    second = list_operations(db, ALL, older_than=first.older, limit=2)
    third = list_operations(db, ALL, older_than=second.older, limit=2)
    listed = [*first.operations, *second.operations, *third.operations]
    assert ids(listed) == ["op-4", "op-3", "op-2", "op-1", "op-0"]


def test_what_is_added_meanwhile_moves_no_page(db):
    ten(db)
    first = list_operations(db, ALL, limit=3)
    happened(db, "op-new", NOON + 60 * MINUTE)
    assert ids(list_operations(db, ALL, older_than=first.older, limit=3).operations) == ["op-6", "op-5", "op-4"]


def test_an_empty_history_is_an_empty_page(db):
    page = list_operations(db, ALL)
    assert (page.operations, page.older, page.newer) == ((), None, None)


@pytest.mark.parametrize(
    "wanted",
    [
        {"service": "OTHER"},
        {"of_service": "other-shop"},
        {"repository": "her/re"},
        {"region": "eu-west-1"},
        {"kind": "revoke"},
        {"outcome": "failed"},
        {"person": "ken"},
        {"since": NOON + MINUTE},
        {"connection": "second"},
    ],
)
def test_each_filter_finds_the_one_that_differs(db, wanted):
    happened(db, "usual", repository="shop/web")
    happened(
        db,
        "other",
        NOON + MINUTE,
        service="other-shop",
        repository="other/repository",
        region="eu-west-1",
        kind="revoke",
        outcome="failed",
        asked_by="Ken",
        connection=wanted.get("connection", "default"),
    )
    assert ids(list_operations(db, HistoryFilter(**wanted)).operations) == ["other"]


def test_until_is_not_included_and_since_is(db):
    for number in range(3):
        happened(db, f"op-{number}", NOON + number * MINUTE)
    wanted = HistoryFilter(since=NOON + MINUTE, until=NOON + 2 * MINUTE)
    assert ids(list_operations(db, wanted).operations) == ["op-1"]


def test_a_whole_name_is_not_taken_for_a_part_of_one(db):
    happened(db, "shop", service="shop")
    happened(db, "my-shop", service="my-shop")
    assert ids(list_operations(db, HistoryFilter(of_service="shop")).operations) == ["shop"]


def test_signs_in_a_filter_stand_for_themselves(db):
    happened(db, "op")
    assert list_operations(db, HistoryFilter(repository="%")).operations == ()


def test_those_that_run_are_found_by_having_no_outcome(db):
    happened(db, "ended")
    living(db, "alive")
    assert ids(list_operations(db, HistoryFilter(outcome=RUNNING)).operations) == ["alive"]


def test_a_page_of_fifty_takes_as_many_statements_as_one_of_two(db):
    for number in range(2):
        happened(db, f"op-{number}")
    with statements(db) as for_two:
        list_operations(db, ALL)
    for number in range(2, 50):
        happened(db, f"op-{number}")
    with statements(db) as for_many:
        assert len(list_operations(db, ALL).operations) == 50
    assert len(for_many) == len(for_two)


@pytest.mark.parametrize("batch", [1, 3, 10, 500])
def test_all_are_gone_through_in_batches_each_once(db, batch):
    ten(db)
    assert ids(each_operation(db, ALL, batch=batch)) == [f"op-{number}" for number in range(9, -1, -1)]


def test_a_place_survives_an_address():
    place = OperationCursor(NOON + MINUTE / 7, "op-1")
    assert OperationCursor.from_text(place.to_text()) == place
    assert "+" not in place.to_text()


@pytest.mark.parametrize("text", ["", "~", "yesterday~op-1", "2026-03-01T12:00:00~op-1", "2026-03-01T12:00:00Z"])
def test_what_is_no_place_is_none(text):
    assert OperationCursor.from_text(text) is None
