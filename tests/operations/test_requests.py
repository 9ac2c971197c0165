"""What becomes of a request: whether it joins a live operation, in which queue it waits, and what is refused."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from app.db import Database
from app.errors import Problem
from app.history.models import Operation
from app.history.queries import get_operation
from app.operations.ordering import join
from app.operations.start import Ask, Starter, key_of
from app.operations.state import Kind
from tests.build import REGION, a_policy
from tests.fake_clock import FakeClock

WEB, API = "storefront/web", "storefront/api"


class Requests:
    """A starter whose engine only notes what it gets: (operation, queue)."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.queued: list[tuple[str, str]] = []
        self.noticed: list[str] = []
        self.engine_is_away = False
        self.starter = Starter(db, FakeClock(), self._enqueue, self.noticed.append)

    def _enqueue(self, operation_id: str, _run: object, key: str) -> None:
        if self.engine_is_away:
            raise OperationalError("INSERT", {}, Exception("disk I/O error"))
        self.queued.append((operation_id, key))

    def start(self, kind: Kind, repository: str = WEB, service: str = "web", **asked) -> str:
        follows = asked.pop("follows", None)
        return self.starter.start(Ask(kind, REGION, service, repository, "mika", asked, follows))

    def is_joined(self, first: dict, second: dict) -> bool:
        """Whether the second request joins the operation of the first."""
        return self.start(**first) == self.start(**second)

    def set(self, operation_id: str, **values) -> None:
        with self.db.write() as session:
            session.execute(update(Operation).where(Operation.id == operation_id).values(values))

    def get(self, operation_id: str) -> Operation:
        found = get_operation(self.db, operation_id)
        assert found is not None
        return found


@pytest.fixture
def requests(sqlite_db):
    return Requests(sqlite_db)


GRANT, REVOKE = {"kind": Kind.GRANT}, {"kind": Kind.REVOKE}
RESTORE = {"kind": Kind.RESTORE, "text": a_policy(), "previewed": "p"}
PRUNE = {"kind": Kind.PRUNE, "principals": ["a", "b"], "previewed": "p"}
UNDO = {"kind": Kind.UNDO, "before": None, "after": a_policy()}
DEPLOY = {"kind": Kind.DEPLOY, "tag": "1"}
DEACTIVATE = {"kind": Kind.DEACTIVATE, "repository": ""}


@pytest.mark.parametrize(
    "first, second, joins",
    [
        (GRANT, GRANT, True),
        (GRANT, {**GRANT, "service": "api"}, False),
        (GRANT, {**GRANT, "repository": API}, False),
        (GRANT, REVOKE, False),
        (GRANT, {"kind": Kind.REPAIR}, False),
        # A preview binds what is done; who requests it without one takes whatever is right.
        ({**GRANT, "previewed": "p"}, GRANT, True),
        (GRANT, {**GRANT, "previewed": "p"}, False),
        ({**GRANT, "previewed": "p"}, {**GRANT, "previewed": "p"}, True),
        ({**GRANT, "previewed": "p"}, {**GRANT, "previewed": "q"}, False),
        (RESTORE, RESTORE, True),
        (RESTORE, {**RESTORE, "text": None}, False),
        (RESTORE, {**RESTORE, "text": a_policy([])}, False),
        (PRUNE, {**PRUNE, "principals": ["b", "a"]}, True),
        (PRUNE, {**PRUNE, "principals": ["a"]}, False),
        (PRUNE, {**PRUNE, "principals": None}, False),
        ({**UNDO, "follows": "one"}, {**UNDO, "follows": "one"}, True),
        ({**UNDO, "follows": "one"}, {**UNDO, "follows": "two"}, False),
        (DEPLOY, DEPLOY, True),
        (DEPLOY, {**DEPLOY, "tag": "2"}, False),
        (DEPLOY, {**DEPLOY, "repository": API}, False),
        (DEPLOY, {**DEPLOY, "service": "api"}, False),
        (DEACTIVATE, DEACTIVATE, True),
        (DEACTIVATE, {**DEACTIVATE, "remove_statements": True}, False),
        ({**DEACTIVATE, "remove_statements": True}, {**DEACTIVATE, "remove_statements": True}, True),
        (
            {"kind": Kind.REACTIVATE, "repository": "", "deactivation": "one"},
            {"kind": Kind.REACTIVATE, "repository": "", "deactivation": "two"},
            False,
        ),
    ],
)
def test_a_request_joins_the_live_operation_that_does_the_same(requests, first, second, joins):
    assert requests.is_joined(first, second) is joins


@pytest.mark.parametrize(
    "between, joins",
    [
        ({**GRANT, "repository": API}, True),
        ({**GRANT, "service": "api"}, True),
        (DEPLOY, True),
        (REVOKE, False),
        # They rewrite the whole policy, for whichever service they were requested.
        ({**RESTORE, "service": "api"}, False),
        ({**UNDO, "service": "api", "follows": "x"}, False),
        ({**PRUNE, "service": "api"}, False),
    ],
)
def test_what_was_requested_in_between_may_reverse_the_first_which_is_then_not_joined(requests, between, joins):
    first = requests.start(**GRANT)
    requests.start(**between)
    assert (requests.start(**GRANT) == first) is joins


def test_a_restore_is_not_joined_after_a_change_of_any_service(requests):
    first = requests.start(**RESTORE)
    requests.start(**{**GRANT, "service": "api"})
    assert requests.start(**RESTORE) != first


def test_only_the_last_deployment_of_a_service_is_joined(requests):
    first = requests.start(**DEPLOY)
    second = requests.start(**{**DEPLOY, "tag": "2"})
    assert requests.start(**{**DEPLOY, "tag": "2"}) == second
    assert requests.start(**DEPLOY) not in (first, second)


@pytest.mark.parametrize("kind", [Kind.GRANT, Kind.DEPLOY])
def test_what_is_to_stop_is_not_joined(requests, kind):
    first = requests.start(kind, tag="1")
    requests.set(first, cancel_requested_by="ken")
    assert requests.start(kind, tag="1") != first


def test_a_part_is_joined_by_the_operation_that_it_belongs_to_and_by_no_other(requests):
    whole = requests.start(**DEPLOY)
    part = requests.start(**GRANT, follows=whole)
    assert requests.start(**GRANT) != part
    requests.start(**REVOKE)
    own = requests.start(**GRANT, follows=whole)
    assert requests.start(**GRANT, follows=whole) == own


@pytest.mark.parametrize(
    "asked, refused",
    [
        (GRANT, True),
        ({"kind": Kind.REPAIR}, True),
        ({"kind": Kind.REACTIVATE, "repository": "", "deactivation": "one"}, True),
        (REVOKE, False),
        ({**GRANT, "service": "api"}, False),
        ({**UNDO, "follows": "x"}, False),
    ],
)
def test_nothing_is_given_to_a_service_whose_role_is_being_switched_off(requests, asked, refused):
    deactivation = requests.start(**DEACTIVATE)
    if not refused:
        requests.start(**asked)
        return
    with pytest.raises(Problem) as raised:
        requests.start(**asked)
    assert (raised.value.code, raised.value.params) == (
        "role.deactivating",
        {"service": "web", "operation": deactivation},
    )


def test_where_nothing_lives_nothing_is_joined(requests):
    assert join(requests.get(requests.start(**GRANT)), ()) == ""


@pytest.mark.parametrize(
    "asked, queue",
    [
        (GRANT, f"repository default {REGION} {WEB}"),
        ({**REVOKE, "service": "api"}, f"repository default {REGION} {WEB}"),
        (RESTORE, f"repository default {REGION} {WEB}"),
        (DEPLOY, f"service default {REGION} web"),
        (DEACTIVATE, f"service default {REGION} web"),
    ],
)
def test_one_at_a_time_changes_a_policy_and_one_a_services_role_and_deployments(requests, asked, queue):
    operation = requests.start(**asked)
    assert requests.queued == [(operation, queue)]
    requests.start(**asked)
    assert len(requests.queued) == 1


def test_keys_of_different_things_differ():
    keys = {
        key_of(*each) for each in [("c", "r", "s", ""), ("c", "r", "", "s"), ("d", "r", "s", ""), ("c", "q", "s", "")]
    }
    assert len(keys) == 4


@pytest.mark.parametrize(
    "asked, code",
    [
        ({**GRANT, "repository": "Not A Name"}, "repository.bad_name"),
        ({**GRANT, "repository": ""}, "repository.bad_name"),
        ({**REVOKE, "repository": ""}, "repository.bad_name"),
        ({**DEPLOY, "repository": "Not A Name"}, "repository.bad_name"),
        ({**DEPLOY, "container": "My_App"}, "deployment.bad_container"),
        ({"kind": Kind.RESTORE, "text": None}, "operation.preview_needed"),
        ({"kind": Kind.RESTORE, "text": None, "previewed": ""}, "operation.preview_needed"),
        ({"kind": Kind.PRUNE}, "operation.preview_needed"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_recorded(requests, asked, code):
    with pytest.raises(Problem) as raised:
        requests.start(**asked)
    assert raised.value.code == code
    if code == "operation.preview_needed":
        assert raised.value.params == {"repository": WEB}
    assert requests.queued == []


def test_an_engine_that_cannot_take_it_leaves_it_recorded(requests, caplog):
    requests.engine_is_away = True
    with caplog.at_level(logging.WARNING):
        operation = requests.start(**GRANT)
    assert requests.get(operation).outcome is None
    assert f"operation {operation} waits" in caplog.text


def test_a_database_that_cannot_be_written_is_told(requests):
    requests.db.close()
    with requests.db.engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE operation_steps")
    with pytest.raises(Problem) as raised:
        requests.start(**GRANT)
    assert (raised.value.code, raised.value.retryable) == ("storage.failed", True)
    assert raised.value.params == {"reason": "no such table: operation_steps"}
    with pytest.raises(OperationalError):  # a part waits until the database is back
        requests.starter.start_part(Ask(Kind.GRANT, REGION, "web", WEB))


@pytest.mark.parametrize(
    "outcome, code",
    [
        (None, "operation.not_ended"),
        ("succeeded", "operation.nothing_to_retry"),
        ("nothing_to_do", "operation.nothing_to_retry"),
        ("failed", None),
        ("cancelled", None),
        ("interrupted", None),
    ],
)
def test_a_retry_is_for_what_was_not_done(requests, outcome, code):
    first = requests.start(**GRANT)
    requests.set(first, outcome=outcome)
    if code is None:
        again = requests.get(requests.starter.retry(first, "ken"))
        assert (again.follows, again.asked_by, again.kind) == (first, "ken", "grant")
        return
    with pytest.raises(Problem, match=code):
        requests.starter.retry(first, "ken")


@pytest.mark.parametrize(
    "asked, kept",
    [
        ({**GRANT, "previewed": "p", "shown": {}, "role_switched": True, "refused": {}}, {}),
        ({**RESTORE, "role_switched": True}, {"text": a_policy(), "previewed": "p"}),
        ({**PRUNE, "refused": {}}, {"principals": ["a", "b"], "previewed": "p"}),
        (
            {**DEPLOY, "previewed": "p", "sent_after": 1, "base": 1, "change": {}, "rolled_back_to": 1, "port": 80},
            {"tag": "1", "port": 80},
        ),
        ({**DEACTIVATE, "remove_statements": True, "role": {"arn": "a"}}, {"remove_statements": True}),
    ],
)
def test_a_retry_keeps_what_was_asked_for_and_not_what_was_noted_meanwhile(requests, asked, kept):
    first = requests.start(**asked)
    requests.set(first, outcome="failed")
    assert requests.get(requests.starter.retry(first, "ken")).input == kept


def test_what_does_not_exist_or_has_not_ended_or_wrote_nothing_cannot_be_undone(requests):
    with pytest.raises(Problem, match=r"operation\.not_found"):
        requests.starter.undo("unknown", "ken")
    first = requests.start(**GRANT)
    with pytest.raises(Problem, match=r"operation\.not_ended"):
        requests.starter.undo(first, "ken")
    requests.set(first, outcome="succeeded")
    with pytest.raises(Problem, match=r"operation\.nothing_to_undo"):
        requests.starter.undo(first, "ken")


def test_what_has_not_begun_is_cancelled_at_once(requests):
    waiting = requests.start(**GRANT)
    assert requests.starter.cancel(waiting, "ken") is True
    assert (requests.get(waiting).outcome, requests.get(waiting).cancel_requested_by) == ("cancelled", "ken")
    assert requests.starter.cancel(waiting, "ken") is False
    assert requests.noticed == []


def test_what_runs_is_asked_to_stop_once_and_its_parts_with_it(requests):
    running = requests.start(**DEPLOY)
    requests.set(running, started_at=FakeClock().now())
    part = requests.start(**GRANT, follows=running)
    assert requests.starter.cancel(running, "ken") is True
    assert requests.noticed == [running]
    assert requests.get(running).outcome is None
    assert requests.get(part).outcome == "cancelled"
    assert requests.starter.cancel(running, "ken") is False
    assert requests.noticed == [running]
    assert requests.starter.cancel("unknown", "ken") is False
