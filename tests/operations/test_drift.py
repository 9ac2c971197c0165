"""Access removed by someone else is recorded once, and our own changes never are."""

from datetime import UTC, datetime

import pytest

from app.drift import DriftWatch
from app.errors import Problem
from app.history.export import csv_lines
from app.history.models import Operation
from app.history.search import HistoryFilter, list_operations
from app.history.standing import standing_grants
from app.inventory.policies import PolicySeen
from app.keys import ServiceKey
from app.operations.state import Kind
from tests.build import REGION, SERVICE, a_policy, a_statement
from tests.operations.outside import WEB, done, granted_alone

OTHER = a_policy([a_statement(sid="Terraform", principal={"AWS": "arn:aws:iam::123456789012:role/ci"})])
EARLY = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def granted(shop):
    """A grant that has ended, on a policy that others wrote."""
    return granted_alone(shop, OTHER)


def put(shop, text):
    """As another program does."""
    shop.aws.repositories(REGION).set_policy(WEB, text)


def read(shop):
    """A requested read, after those of the last seconds."""
    shop.run(shop.services.clock.sleep(4))
    assert shop.run(shop.services.scanner.refresh_repository(REGION, WEB)) is None


def entries(shop):
    return list_operations(shop.services.db, HistoryFilter(kind="drift")).operations


def test_access_that_another_writer_removes_is_recorded_once(shop, granted):
    read(shop)
    assert entries(shop) == ()
    put(shop, OTHER)
    for _ in range(2):
        read(shop)
    (entry,) = entries(shop)
    (change,) = entry.changes
    assert (entry.outcome, entry.asked_by, entry.follows, entry.repository) == ("seen", "", granted, WEB)
    assert entry.started_at < entry.ended_at
    assert SERVICE in change.before
    assert (change.after, change.request_id) == (shop.aws.repositories(REGION).get_policy(WEB).value, "")


def test_a_removed_policy_is_seen_by_the_background_reading_too(shop, granted):
    shop.aws.repositories(REGION).delete_policy(WEB)
    shop.run(shop.services.clock.sleep(400))
    for what in ("repositories", "policies"):
        shop.run(shop.services.scanner.turn(REGION, what))
    assert [entry.changes[0].after for entry in entries(shop)] == [None]


def test_many_readers_record_one_entry(shop, granted):
    read(shop)
    put(shop, OTHER)
    now = shop.services.clock.now()
    seen = PolicySeen(WEB, None, None, OTHER, now)
    for _ in range(3):
        DriftWatch(shop.services.db, shop.services.connection).policies(REGION, [seen])
    assert len(entries(shop)) == 1


def test_a_removal_that_nobody_recorded_is_found_by_a_later_reading(shop, granted):
    """The process ended between the reading and the record."""
    put(shop, OTHER)
    now = shop.services.clock.now()
    DriftWatch(shop.services.db, shop.services.connection).policies(REGION, [PolicySeen(WEB, OTHER, now, OTHER, now)])
    (entry,) = entries(shop)
    assert SERVICE in entry.changes[0].before


def test_what_we_remove_ourselves_is_none(shop, granted):
    done(shop, shop.revoke(SERVICE, WEB))
    read(shop)
    assert entries(shop) == ()


def test_a_reading_from_before_the_grant_is_none(shop, granted):
    seen = PolicySeen(WEB, OTHER, EARLY, OTHER, EARLY)
    DriftWatch(shop.services.db, shop.services.connection).policies(REGION, [seen])
    assert entries(shop) == ()


def test_nothing_is_recorded_while_an_operation_is_on_the_repository(shop, granted, aws):
    put(shop, OTHER)
    with shop.services.db.write() as session:
        living = session.get(Operation, granted)
        values = {column.name: getattr(living, column.name) for column in Operation.__table__.columns}
        values |= {"id": "living", "outcome": None, "ended_at": None, "service": "other", "sequence": 10**9}
        session.execute(Operation.__table__.insert(), values)
    read(shop)
    assert entries(shop) == ()
    with shop.services.db.write() as session:
        session.delete(session.get(Operation, "living"))
    read(shop)
    assert len(entries(shop)) == 1


def test_another_statement_that_lets_the_role_pull_is_no_removal(shop, granted):
    put(shop, a_policy([a_statement(principal="*")]))
    read(shop)
    assert entries(shop) == ()


@pytest.mark.both_databases
def test_it_is_repaired_and_a_later_removal_is_a_new_entry(shop, granted):
    put(shop, OTHER)
    read(shop)
    assert standing_grants(shop.services.db, ServiceKey(shop.services.connection, REGION, SERVICE)).keys() == {WEB}
    done(shop, shop.start(Kind.REPAIR, SERVICE, WEB))
    read(shop)
    assert len(entries(shop)) == 1
    put(shop, OTHER)
    read(shop)
    assert len({entry.follows for entry in entries(shop)}) == 2


def test_it_cannot_be_undone_retried_or_cancelled(shop, granted):
    put(shop, OTHER)
    read(shop)
    (entry,) = entries(shop)
    progress = shop.progress(entry.id)
    assert (progress.wrote_policy, progress.unconfirmed, progress.ended) == (False, False, True)
    with pytest.raises(Problem, match="nothing_to_undo"):
        shop.services.starter.undo(entry.id, "mika")
    with pytest.raises(Problem, match="nothing_to_retry"):
        shop.services.starter.retry(entry.id, "mika")
    assert shop.services.starter.cancel(entry.id, "mika") is False


def test_the_export_counts_it_as_no_write_of_ours(shop, granted):
    put(shop, OTHER)
    read(shop)
    heading, row = csv_lines(shop.services.db, HistoryFilter(kind="drift"))
    cells = dict(zip(heading.strip().split(","), row.strip().split(","), strict=True))
    assert (cells["outcome"], cells["policy_writes"], cells["policy_writes_unknown"]) == ("seen", "0", "0")
