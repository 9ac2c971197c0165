"""Operations of different kinds on one repository or service: none waits for what it must not, ends, or hides another."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from app.history import batches, kinds, store
from app.history.endings import ended_since, operations_version
from app.history.queries import get_operation
from app.history.removals import standing_removals
from app.history.standing import standing, standing_grants
from app.history.store import NewOperation
from app.history.turns import BehindAnother
from app.keys import ServiceKey
from app.operations import batches as operation_batches
from app.operations.ordering import join
from app.operations.state import GIVES_ACCESS, SEEN, Kind
from tests.build import REGION
from tests.history.happened import NOON, happened

WEB, API, SHOP = "web", "api", "team/shop"


class Requests:
    """Requests and begins operations, one second after another."""

    def __init__(self, db):
        self.db = db
        self._seconds = count()

    def now(self):
        return NOON + timedelta(seconds=next(self._seconds))

    def new(self, id_, kind, service, repository, **more):
        values = {"subject": f"{kind} {service} {repository}", "steps": ["first", "second"], **more}
        return NewOperation(id_, kind, "default", REGION, service, repository, asked_by="mika", **values)

    def asks(self, id_, kind, service, repository=""):
        return store.insert_or_join(self.db, self.new(id_, kind, service, repository), join, self.now())[0]

    def asks_batch(self, id_, action, services, repository=SHOP, subject=""):
        """One runner and one item for each service: the batch's id. Ids are `b`, `b-api`, `b-api-item` and the like."""
        runners, items = [], []
        for number, service in enumerate(services):
            runner = id_ if not number else f"{id_}-{service}"
            more = {"batch_id": id_, "input": {"action": action}, "subject": subject or f"batch {action}"}
            runners.append(self.new(runner, "batch", service, "", **more))
            items.append(self.new(f"{runner}-item", action, service, repository, batch_id=id_))
        return batches.insert_or_join(self.db, runners, items, operation_batches.join, self.now())[0]

    def begins(self, id_):
        """Whether an operation may begin its first step."""
        try:
            return store.step_started(self.db, id_, "first", self.now()) is not None
        except BehindAnother:
            return False

    def ends(self, id_, outcome):
        store.ended(self.db, id_, outcome, None, self.now())

    def outcome(self, id_):
        return get_operation(self.db, id_).outcome


@pytest.fixture
def requests(db):
    return Requests(db)


def test_a_deployment_and_a_batch_on_one_repository_wait_for_nothing_of_each_other(requests):
    requests.asks("deploy", "deploy", WEB, SHOP)
    assert requests.begins("deploy")
    requests.asks_batch("b", "grant", [API])
    assert requests.begins("b")
    assert requests.begins("b-item")
    requests.ends("b-item", "succeeded")
    requests.asks("part", "grant", WEB, SHOP)  # the deployment gives its service access, and waits for that
    assert requests.begins("part")


def test_a_deployment_begins_while_an_item_of_a_batch_is_at_work(requests):
    requests.asks_batch("b", "grant", [API])
    assert requests.begins("b-item")
    requests.asks("deploy", "deploy", WEB, SHOP)
    assert requests.begins("deploy")


def test_a_batch_ends_no_operation_that_waits_for_the_role(requests):
    requests.asks("deactivate", "deactivate", WEB)
    requests.asks_batch("b", "revoke", [WEB])
    assert requests.begins("b")
    assert requests.outcome("deactivate") is None


def test_no_operation_and_no_batch_ends_a_batch_that_waits(requests):
    requests.asks_batch("one", "revoke", [WEB])
    requests.asks_batch("two", "revoke", [WEB], "team/other", subject="two")
    assert requests.begins("two")
    requests.asks("deactivate", "deactivate", WEB)
    assert requests.begins("deactivate")
    assert (requests.outcome("one"), requests.outcome("one-item")) == (None, None)


def test_items_whose_batch_has_ended_end_too(requests):
    requests.asks_batch("b", "revoke", [WEB])
    assert store.cancelled_in_queue(requests.db, "b", "mika", requests.now())
    assert batches.end_orphans(requests.db, requests.now()) == 1
    assert requests.outcome("b-item") == "cancelled"
    requests.asks_batch("c", "revoke", [WEB], subject="c")
    assert batches.end_orphans(requests.db, requests.now()) == 0


@pytest.mark.parametrize("later", ["grant", "revoke"])
def test_a_batch_is_joined_only_while_no_later_request_reverses_it(requests, later):
    assert requests.asks_batch("one", "grant", [WEB, API]) == "one"
    assert requests.asks_batch("again", "grant", [WEB, API]) == "one"
    requests.asks_batch("two", later, [API], subject="two")
    assert requests.asks_batch("three", "grant", [WEB, API]) == "three"


def test_a_batch_is_not_joined_once_one_repository_was_asked_for_alone(requests):
    requests.asks_batch("one", "grant", [WEB])
    requests.asks("revoke", "revoke", WEB, SHOP)
    assert requests.asks_batch("two", "grant", [WEB]) == "two"


@pytest.mark.parametrize(
    "outcome, changes, stands",
    [("cancelled", False, True), ("failed", False, True), ("failed", True, False), ("nothing_to_do", False, False)],
)
def test_access_stands_until_something_has_changed_it(db, outcome, changes, stands):
    happened(db, "given", NOON, service=WEB, repository=SHOP, sequence=1)
    taken = happened(db, "taken", NOON, kind="revoke", service=WEB, repository=SHOP, outcome=outcome, sequence=2)
    if not changes:
        with db.write() as session:
            session.delete(session.merge(taken.changes[0]))
    assert bool(standing(db, "default", REGION)) is stands
    assert bool(standing_grants(db, ServiceKey("default", REGION, WEB))) is stands


def test_a_repository_of_the_same_name_has_lost_no_access(db):
    happened(db, "given", NOON, service=WEB, repository=SHOP, sequence=1)
    happened(db, "drift", NOON, kind="drift", outcome="seen", service=WEB, repository=SHOP, sequence=2)
    with db.read() as session:
        assert standing_removals(session, "default", REGION, [SHOP])
    happened(db, "gone", NOON, kind="repository_deleted", outcome="seen", service=WEB, repository=SHOP, sequence=3)
    with db.read() as session:
        assert not standing_removals(session, "default", REGION, [SHOP])
    assert standing_grants(db, ServiceKey("default", REGION, WEB)) == {}


def test_open_pages_are_told_of_a_batch_and_not_of_each_item(requests):
    requests.asks_batch("b", "revoke", [WEB])
    assert operations_version(requests.db, "default")[1] == 1
    requests.ends("b-item", "succeeded")
    requests.ends("b", "succeeded")
    assert [each.id for each in ended_since(requests.db, "default", NOON)] == ["b"]


def test_the_kinds_that_the_history_knows_are_those_of_operations():
    assert set(kinds.GIVES_ACCESS) == GIVES_ACCESS
    assert set(kinds.SEEN) == SEEN
    every = {*kinds.CHANGES_POLICY, *kinds.ON_ROLE, *kinds.SEEN, kinds.DEPLOY, kinds.BATCH}
    assert every == set(Kind)
