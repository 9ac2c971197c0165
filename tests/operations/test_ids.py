import uuid
from datetime import UTC, datetime, timedelta

from app.operations.ids import new_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_ids_sort_by_when_they_were_asked_for():
    moments = [NOON + timedelta(microseconds=step) for step in (0, 1, 2, 900, 1000, 1_000_000)]
    ids = [new_id(moment) for moment in moments]
    assert ids == sorted(ids)


def test_an_id_is_a_uuid_of_version_7_and_never_the_same():
    assert uuid.UUID(new_id(NOON)).version == 7
    assert new_id(NOON) != new_id(NOON)
