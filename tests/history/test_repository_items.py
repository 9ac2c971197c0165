"""What items of batches record together, where others record the same or something else at that time."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import func, select

from app.history import batches, repository_items, store
from app.history.models import PolicyChange
from app.history.queries import get_operation
from app.history.repository_items import Beginning, ItemChanged, ItemEnded, NewerRunError, WritePart
from app.history.standing import standing
from app.history.store import NewOperation, Run
from app.operations import batches as operation_batches
from tests.build import REGION
from tests.history.happened import NOON

SHOP = "team/shop"


class Items:
    """Requests batches for services on one repository, and begins their items; ids are `one-web` and the like."""

    def __init__(self, db):
        self.db = db
        self._seconds = count()

    def now(self):
        return NOON + timedelta(seconds=next(self._seconds))

    def request(self, batch_id, action, *services):
        def new(id_, kind, service, repository, **more):
            values = {"asked_by": "mika", "steps": ["first", "second"], "batch_id": batch_id, **more}
            return NewOperation(id_, kind, "default", REGION, service, repository, subject=id_, **values)

        ids = [batch_id, *(f"{batch_id}-{service}-runner" for service in services[1:])]
        runners = [
            new(id_, "batch", service, "", input={"action": action}) for id_, service in zip(ids, services, strict=True)
        ]
        items = [new(f"{batch_id}-{service}", action, service, SHOP) for service in services]
        batches.insert_or_join(self.db, runners, items, operation_batches.join, self.now())

    def beginning(self, *item_ids):
        at = self.now()
        return Beginning(item_ids[0], item_ids, "first", at - timedelta(minutes=1), at)

    def outcomes(self, *ids):
        return [get_operation(self.db, id_).outcome for id_ in ids]

    def begun(self, *item_ids):
        (begun,) = repository_items.begin(self.db, [self.beginning(*item_ids)])
        return begun.items

    def parts(self, *item_ids):
        at = self.now()
        return [
            WritePart(item.run, "default", REGION, SHOP, None, f'{{"n": {n}}}', at)
            for n, item in enumerate(self.begun(*item_ids))
        ]


@pytest.fixture
def items(db):
    return Items(db)


@pytest.mark.parametrize("earlier_first", [True, False])
def test_of_opposite_batches_that_come_together_only_the_later_begins(items, earlier_first):
    items.request("one", "grant", "web")
    items.request("two", "revoke", "web")
    together = [items.beginning("one-web"), items.beginning("two-web")]
    begun = repository_items.begin(items.db, together if earlier_first else together[::-1])
    assert [each and each.items[0].operation.id for each in begun if each] == ["two-web"]
    assert items.outcomes("one-web", "two-web") == ["cancelled", None]


def test_items_begin_only_with_the_one_that_leads_them(items):
    """Whoever leads them now may be at another replica."""
    items.request("one", "grant", "web", "api", "job")
    assert store.cancelled_in_queue(items.db, "one-web", "mika", items.now())
    together = [items.beginning("one-web", "one-api", "one-job")]
    assert repository_items.begin(items.db, together) == [None]
    assert store.cancelled_in_queue(items.db, "one-job", "mika", items.now())
    assert [item.operation.id for item in items.begun("one-api", "one-job")] == ["one-api"]
    assert repository_items.begin(items.db, [items.beginning("one-api")]) == [None]


def test_one_that_is_cancelled_while_it_begins_has_begun(items, monkeypatch):
    items.request("one", "grant", "web", "api")
    cancel = (items.db, "one-web", "ken", items.now())
    cancelling = threading.Thread(target=store.cancelled_in_queue, args=cancel)
    behind = repository_items._behind

    def behind_while_cancelled(*args):
        result = behind(*args)
        cancelling.start()
        cancelling.join(0.5)
        return result

    monkeypatch.setattr(repository_items, "_behind", behind_while_cancelled)
    assert [item.operation.id for item in items.begun("one-web", "one-api")] == ["one-api", "one-web"]
    cancelling.join(10)
    assert items.outcomes("one-web", "one-api") == [None, None]


def test_a_write_whose_recording_was_committed_unseen_can_be_recorded_again(items):
    items.request("one", "grant", "web", "api")
    parts = items.parts("one-web", "one-api")
    assert [repository_items.plan_writes(items.db, [parts]) for _ in range(2)] == [[True], [True]]
    with items.db.read() as session:
        assert session.scalar(select(func.count()).select_from(PolicyChange)) == 2


def test_a_newer_run_begins_only_once_the_write_of_the_older_one_is_recorded(items):
    items.request("one", "grant", "web", "api")
    parts = items.parts("one-web", "one-api")
    newer = threading.Thread(target=store.step_started, args=(items.db, "one-api", "first", items.now()))
    with items.db.one_transaction():
        repository_items.plan_writes(items.db, [parts])
        newer.start()
        newer.join(0.5)
        assert newer.is_alive()
    newer.join(10)
    assert repository_items.plan_writes(items.db, [parts]) == [False]


def test_an_item_that_has_begun_is_not_left_to_one_that_has_not(items):
    """Whoever ran it with an earlier item is gone, and that one has ended."""
    items.request("one", "grant", "web", "api", "job")
    items.begun("one-web", "one-job")
    runners = {runner.service: runner for runner in batches.runners_of(items.db, "one")}
    assert batches.runnable(items.db, runners["job"], (), 10) == ()
    batches.end_all_items(items.db, runners["web"], "failed", None, items.now())
    assert [item.id for item in batches.runnable(items.db, runners["job"], (), 10)] == ["one-job"]


def test_an_item_that_is_run_again_is_ended_by_nobody_else(items):
    """A replica that was stalled while it verified what it had written ends nothing that another one has taken over."""
    items.request("one", "grant", "web")
    (item,) = items.begun("one-web")
    changed = ItemChanged(
        item.run, "second", "skipped", {"code": "policy.unchanged", "params": {}}, (), False, items.now()
    )
    repository_items.end_changes(items.db, [[changed]])
    store.step_started(items.db, "one-web", "first", items.now())
    verified = ItemEnded(Run("one-web", "second", 1), "succeeded", {"code": "", "params": {}}, (), items.now())
    with pytest.raises(NewerRunError):
        repository_items.end_items(items.db, [verified])
    assert items.outcomes("one-web") == [None]


def test_an_item_that_was_at_work_when_its_process_died_is_run_without_those_that_wait(items):
    """The one that waits is behind the other one: run together, last one first, they would wait for each other."""
    items.request("one", "grant", "web", "api", "job")
    items.begun("one-web", "one-job")
    (web, *_) = batches.runners_of(items.db, "one")
    leaders = batches.runnable(items.db, web, (), 10)
    led = batches.led_by(items.db, web, leaders, ("web", "api", "job"))
    assert [(item.id, item.has_begun) for item in led[SHOP]] == [("one-web", True), ("one-job", True)]


def test_what_was_given_by_a_shared_write_stands_with_the_whole_text_that_was_sent(items):
    items.request("one", "grant", "web", "api")
    parts = items.parts("one-web", "one-api")
    repository_items.plan_writes(items.db, [parts])
    note, at = {"code": "policy.merged", "params": {}}, items.now()
    repository_items.end_changes(
        items.db, [[ItemChanged(part.run, "second", "succeeded", note, ("request",), True, at) for part in parts]]
    )
    ended = [ItemEnded(Run(part.run.operation_id, "second", 1), "succeeded", note, (), at) for part in parts]
    repository_items.end_items(items.db, ended)
    given = standing(items.db, "default", REGION)
    assert {each.service: each.text for each in given} == {"web": parts[1].after, "api": parts[1].after}
