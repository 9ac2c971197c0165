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


def test_an_id_tells_its_moment_as_rfc_9562_says():
    number = uuid.UUID(new_id(NOON + timedelta(microseconds=1_250)))
    assert number.variant == uuid.RFC_4122
    assert number.int >> 80 == 1_772_366_400_001
    assert number.int >> 64 & 0xFFF == 1024  # a quarter of a millisecond


def test_all_bits_that_are_left_are_random():
    drawn = [uuid.UUID(new_id(NOON)).int & (1 << 62) - 1 for _ in range(200)]
    ones = [sum(number >> bit & 1 for number in drawn) for bit in range(62)]
    assert min(ones) > 0
    assert max(ones) < 200
