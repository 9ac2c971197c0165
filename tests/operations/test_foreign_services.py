"""Whatever somebody does to a service that access was given to, or to its role, is recorded once."""

from dataclasses import replace

import pytest

from app.auth.events import record_restored
from app.history.models import Operation
from app.operations.state import Kind
from tests.build import REGION, SERVICE, a_policy, a_service, an_active_role
from tests.operations.outside import entries, granted_alone, kinds, wait
from tests.operations.workshop import active, inactive


@pytest.fixture
def granted(shop, aws):
    """A grant that ended so long ago that AWS shows the role as it left it, and a later reading."""
    granted_alone(shop, a_policy())
    wait(shop, 70)
    sweep(shop)
    return shop.services.db


def read(shop):
    """A reading of the service for somebody who looks at its page."""
    wait(shop)
    shop.run(shop.services.scanner.refresh_service(REGION, SERVICE))


def sweep(shop):
    """A reading of all services."""
    wait(shop)
    shop.run(shop.services.scanner.refresh([REGION], 5))


def made_anew(aws, shop):
    aws.add_service(replace(a_service(SERVICE), created_at=shop.services.clock.now()))


@pytest.mark.both_databases
@pytest.mark.parametrize("reads", [read, sweep])
@pytest.mark.parametrize(
    "change, kind",
    [
        (lambda aws, _: inactive(aws, SERVICE), "role_deactivated"),
        (lambda aws, _: aws.add_service(a_service(SERVICE, role=an_active_role("other"))), "role_recreated"),
        (lambda aws, _: aws.known_services.pop((REGION, SERVICE)), "service_deleted"),
        (made_anew, "service_recreated"),
    ],
)
def test_it_is_one_entry_with_its_times(shop, granted, aws, reads, change, kind):  # noqa: PLR0917
    before = shop.services.clock.now()
    change(aws, shop)
    for _ in range(2):
        reads(shop)
    (entry,) = entries(shop)
    assert (entry.kind, entry.outcome, entry.service, entry.repository) == (kind, "seen", SERVICE, "")
    assert entry.started_at < before < entry.ended_at
    assert shop.progress(entry.id).ended


def test_a_role_that_goes_off_and_on_is_told_each_time(shop, granted, aws):
    for change in (inactive, active, inactive):
        change(aws, SERVICE)
        sweep(shop)
    assert kinds(shop) == ["role_deactivated", "role_activated", "role_deactivated"]


@pytest.mark.parametrize("kind", [Kind.DEACTIVATE, Kind.ACTIVATE])
def test_a_switch_of_ours_is_not_told(shop, granted, aws, kind):
    if kind is Kind.ACTIVATE:
        shop.ended(shop.start(Kind.DEACTIVATE, SERVICE))
        wait(shop, 70)
    shop.ended(shop.start(kind, SERVICE))
    sweep(shop)
    assert kinds(shop) == []


@pytest.mark.both_databases
def test_a_switch_of_ours_whose_answer_was_lost_is_not_told_although_it_comes_late(shop, granted, aws):
    stopped = shop.start(Kind.DEACTIVATE, SERVICE)
    shop.ended(stopped)
    with granted.write() as session:
        session.get(Operation, stopped).outcome = "failed"
    active(aws, SERVICE)  # as AWS shows it before the switch
    sweep(shop)
    wait(shop, 300)
    inactive(aws, SERVICE)
    sweep(shop)
    assert kinds(shop) == []


@pytest.mark.both_databases
def test_a_service_that_nothing_was_given_to_is_not_watched(shop, granted, aws):
    active(aws, "other")
    sweep(shop)
    inactive(aws, "other")
    sweep(shop)
    assert entries(shop) == []


def test_a_list_from_before_the_last_reading_shows_nothing(shop, granted):
    at = shop.services.clock.now()
    read(shop)
    shop.services.scanner._sweeper.watch.services(REGION, (), at)
    assert entries(shop) == []


def test_two_processes_that_see_the_same_record_it_once(shop, granted, aws):
    watch = shop.services.scanner._sweeper.watch
    for _ in range(2):
        wait(shop)
        watch.services(REGION, (), shop.services.clock.now(), (SERVICE,))
    assert kinds(shop) == ["service_deleted"]


def test_what_stands_in_aws_when_a_backup_is_restored_is_no_change(shop, granted, aws):
    inactive(aws, SERVICE)
    with shop.services.db.write() as session:
        record_restored(session, "mika", "backup.db", shop.services.clock.now())
    sweep(shop)
    assert entries(shop) == []
