"""A database that cannot be written: the disk is full, the server restarts. Work that can't be recorded waits."""

import json
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.errors import Problem
from app.operations.state import Kind
from tests.build import SERVICE, a_policy
from tests.console import until
from tests.operations.workshop import actions, active, inactive, repository

pytestmark = pytest.mark.both_databases

WEB = "storefront/web"
OURS = f"AllowLightsailPull-{SERVICE}"


class FullDisk:
    """Refuses what writes our own tables, for as long as it is full: `what` writes begin with."""

    def __init__(self) -> None:
        self.what: tuple[str, ...] = ("INSERT", "UPDATE", "DELETE")
        self.full = False
        self.refused = 0

    def __call__(self, _connection, _cursor, statement, parameters, *_rest) -> None:
        if self.full and statement.startswith(self.what):
            self.refused += 1
            raise OperationalError(statement, parameters, Exception("database or disk is full"))

    @contextmanager
    def as_full(self):
        self.full = True
        try:
            yield
        finally:
            self.full = False


@pytest.fixture
def disk(shop):
    disk = FullDisk()
    engine = shop.services.db.engine
    event.listen(engine, "before_cursor_execute", disk)
    yield disk
    disk.full = False
    event.remove(engine, "before_cursor_execute", disk)


def test_what_cannot_be_recorded_is_not_started(shop, aws, disk):
    active(aws, SERVICE)
    repository(aws, WEB)
    with disk.as_full(), pytest.raises(Problem, match=r"storage\.failed.*disk is full"):
        shop.grant(SERVICE, WEB)
    assert (actions(aws), aws.policy_of(WEB)) == ([], None)


def test_a_running_operation_writes_no_policy_that_it_cannot_record(shop, aws, disk):
    inactive(aws, SERVICE)
    repository(aws, WEB, a_policy())
    shop.points.do["role-switched"] = lambda: setattr(disk, "full", True)
    started = shop.grant(SERVICE, WEB)
    until(lambda: disk.refused >= 3)
    assert "SetRepositoryPolicy" not in actions(aws)
    disk.full = False
    assert shop.ended(started).outcome == "succeeded"


def test_a_write_is_recorded_once_the_disk_has_room_again(shop, aws, disk):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    shop.points.do["policy-written"] = lambda: setattr(disk, "full", True)
    started = shop.grant(SERVICE, WEB)
    until(lambda: disk.refused >= 2)
    disk.full = False
    assert shop.ended(started).outcome == "succeeded"
    [change] = shop.changes(started)
    assert (change.before, change.written_at is not None) == (a_policy(), True)
    assert actions(aws).count("SetRepositoryPolicy") == 1


def test_a_deactivation_waits_for_parts_that_it_cannot_record(shop, aws, disk):
    active(aws, SERVICE)
    repository(aws, WEB, a_policy())
    shop.ended(shop.grant(SERVICE, WEB))
    disk.what = ("INSERT INTO operations",)
    aws.meanwhile("lightsail:GetContainerServices", lambda: setattr(disk, "full", True))
    off = shop.start(Kind.DEACTIVATE, SERVICE, remove_statements=True)
    until(lambda: disk.refused >= 2)
    disk.full = False
    assert (shop.ended(off).outcome, aws.policy_of(WEB)) == ("succeeded", json.loads(a_policy()))


def test_what_is_recorded_is_accepted_although_the_engine_has_no_connection_left(shop, aws, monkeypatch):
    active(aws, SERVICE)
    repository(aws, WEB)

    def refuse(*_given) -> None:
        raise PoolTimeoutError("QueuePool limit of size 4 overflow 10 reached")

    with monkeypatch.context() as patched:
        patched.setattr(shop.services.starter, "_enqueue", refuse)
        started = shop.grant(SERVICE, WEB)
    assert shop.ended(started).outcome == "succeeded"
