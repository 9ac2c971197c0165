"""Operations by their id or a part of a name, as the search over everything finds them."""

import pytest

from app.history import lookup
from app.history.lookup import find_by_id, find_by_name, id_range
from app.operations.ids import new_id
from tests.databases import statements
from tests.history.happened import MINUTE, NOON, happened, living

BATCH = "01962a00-0000-7000-8000-000000000001"


def ids(matches):
    return [row.id for row in matches.rows]


def by_name(db, part, limit=10):
    return find_by_name(db, "default", part, part, limit)


def by_id(db, text, *, batches=False, limit=10):
    return find_by_id(db, "default", id_range(text), batches=batches, limit=limit)


@pytest.mark.parametrize("text", ["", "0196", "storefront", "01962a00-0", "01962a00-00000", "0" * 40, "01962a0g"])
def test_what_is_the_beginning_of_an_id_is_told_from_what_is_not(text):
    assert (id_range(text) is not None) is (text == "01962a00-0")


def test_an_operation_is_found_by_the_beginning_of_its_id_the_newest_first(db):
    made = [new_id(NOON + number * MINUTE / 1000) for number in range(3)]
    for operation_id in made:
        happened(db, operation_id)
    assert ids(by_id(db, made[0].upper())) == [made[0]]
    assert ids(by_id(db, made[0][:8])) == made[::-1]
    assert by_id(db, made[0][:8], limit=2).more


def test_an_operation_of_another_connection_is_not_found(db):
    happened(db, BATCH, connection="other", service="shop")
    assert (ids(by_id(db, BATCH)), ids(by_name(db, "shop"))) == ([], [])


def test_the_newest_of_a_service_or_repository_come_first(db):
    happened(db, "first", NOON, service="shop", repository="other/x")
    happened(db, "second", NOON + MINUTE, service="blog", repository="shop/web")
    living(db, "third", NOON + 2 * MINUTE, service="shop", repository="other/y", started_at=None)
    happened(db, "other", NOON, service="blog", repository="blog")
    found = by_name(db, "Shop")
    assert ids(found) == ["third", "second", "first"]
    assert [row.state for row in found.rows] == ["waiting", "succeeded", "succeeded"]
    assert by_name(db, "shop", limit=2).more
    assert by_name(db, "sh_p").rows == ()


def test_a_batch_is_one_line_by_its_service_and_its_items_are_found_by_repository(db):
    happened(db, BATCH, kind="batch", batch_id=BATCH, service="shop", repository="")
    item = BATCH[:-1] + "2"
    happened(db, item, batch_id=BATCH, service="shop", repository="team/api")
    assert ids(by_name(db, "shop")) == [BATCH]
    assert ids(by_name(db, "team")) == [item]
    assert ids(by_id(db, BATCH[:8], batches=True)) == [BATCH]
    assert ids(by_id(db, BATCH[:8])) == [item]


def test_a_long_history_is_searched_by_name_in_its_newest_part_and_that_is_told(db, monkeypatch):
    monkeypatch.setattr(lookup, "RECENT", 2)
    for number in range(3):
        happened(db, f"op-{number}", NOON + number * MINUTE, service="shop" if number == 0 else "blog")
    assert (ids(by_name(db, "shop")), by_name(db, "shop").whole) == ([], False)
    assert ids(by_name(db, "blog")) == ["op-2", "op-1"]
    monkeypatch.setattr(lookup, "RECENT", 3)
    assert (ids(by_name(db, "shop")), by_name(db, "shop").whole) == (["op-0"], True)


def test_a_batch_at_the_end_of_the_newest_part_is_searched_whole(db, monkeypatch):
    monkeypatch.setattr(lookup, "RECENT", 2)
    happened(db, "newest", NOON + MINUTE, service="blog")
    happened(db, "oldest", NOON - MINUTE, service="shop")
    for number in range(2):
        happened(db, f"item-{number}", NOON, service="shop")
    assert (ids(by_name(db, "shop")), by_name(db, "shop").whole) == (["item-1", "item-0"], False)


def test_the_number_of_statements_does_not_depend_on_what_is_found(db):
    with statements(db) as sent:
        by_name(db, "shop")
        by_id(db, BATCH)
    assert len([each for each in sent if not each.startswith("BEGIN")]) == 3
