"""Databases, a clock and an AWS in memory for the tests of the inventory."""

import pytest

from tests.databases import db, migrated_file, migrated_postgres_url, postgres_server, sqlite_db
from tests.fake_clock import FakeClock
from tests.fakes import FakeAws

__all__ = ["db", "migrated_file", "migrated_postgres_url", "postgres_server", "sqlite_db"]


@pytest.fixture
def clock():
    return FakeClock(jumps=False)


@pytest.fixture
def aws(clock):
    return FakeAws(clock)
