"""A clock that was ahead and is set back freezes no list."""

from datetime import timedelta

import pytest

from app.inventory import queries, store
from app.inventory.future import take_back_future_times
from app.inventory.policies import remember_policy
from app.inventory.registries import RegistryReading, find_registry, remember_registry
from app.inventory.sync_state import What, claim, due_policies, find_reading, finish
from app.keys import RepositoryKey, ServiceKey
from tests.build import REGION, SERVICE, a_policy, a_repository, a_service
from tests.inventory.at import HERE, NOON

HOUR = timedelta(hours=1)
REST = timedelta(minutes=5)


@pytest.fixture
def ahead(db):
    """What was kept while the clock was an hour ahead."""
    later = NOON + HOUR
    store.remember_services(db, *HERE, [a_service()], later)
    store.remember_repositories(db, *HERE, [a_repository("old/one"), a_repository("shared")], later)
    remember_policy(db, RepositoryKey(*HERE, "shared"), a_policy(), later)
    finish(db, claim(db, *HERE, What.SERVICES, now=later), now=later)
    claim(db, *HERE, What.POLICIES, now=later)
    remember_registry(db, *HERE, RegistryReading(later, a_policy(), "V2"))
    return db


def read_again(db) -> dict[str, bool]:
    """What a reading at the right time changes."""
    services = claim(db, *HERE, What.SERVICES, now=NOON, rest=REST)
    policies = claim(db, *HERE, What.POLICIES, now=NOON, rest=REST)
    store.remember_services(db, *HERE, [a_service(state="UPDATING")], NOON)
    store.remember_repositories(db, *HERE, [a_repository("shared")], NOON)
    remember_policy(db, RepositoryKey(*HERE, "shared"), None, NOON)
    remember_registry(db, *HERE, RegistryReading(NOON))
    service = queries.find_service(db, ServiceKey(*HERE, SERVICE))
    return {
        "services are read": services is not None,
        "policies are read": policies is not None,
        "a service changes": service.service.state == "UPDATING",
        "a repository goes": queries.find_repository(db, RepositoryKey(*HERE, "old/one")) is None,
        "a policy goes": queries.find_repository(db, RepositoryKey(*HERE, "shared")).policy_text is None,
        "a registry policy goes": find_registry(db, *HERE).policy.text is None,
    }


def test_nothing_changes_while_times_are_in_the_future(ahead):
    assert set(read_again(ahead).values()) == {False}


def test_everything_is_read_again_once_they_are_taken_back(ahead):
    take_back_future_times(ahead, NOON)
    assert set(read_again(ahead).values()) == {True}


def test_what_was_read_is_still_known_and_no_older_than_now(ahead):
    take_back_future_times(ahead, NOON)
    assert find_reading(ahead, *HERE, What.SERVICES).succeeded_at == NOON
    assert queries.find_repository(ahead, RepositoryKey(*HERE, "shared")).policy_text == a_policy()


def test_policies_are_due_again(ahead):
    take_back_future_times(ahead, NOON)
    assert "shared" in due_policies(ahead, "default", REGION, before=NOON, limit=10)


def test_times_that_are_not_in_the_future_stay(db):
    store.remember_services(db, *HERE, [a_service()], NOON)
    finish(db, claim(db, *HERE, What.SERVICES, now=NOON), now=NOON)
    before = find_reading(db, *HERE, What.SERVICES)
    take_back_future_times(db, NOON + HOUR)
    assert find_reading(db, *HERE, What.SERVICES) == before
