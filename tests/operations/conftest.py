"""A workshop for each test module: launched once, with an empty AWS for each test."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pytest

from tests.databases import db, migrated_file, migrated_postgres_url, sqlite_db
from tests.operations.accounts import account_of, check
from tests.operations.bench import Bench, open_bench
from tests.operations.workshop import Workshop, open_workshop
from tests.postgres_server import empty_database, postgres_server, postgres_url

__all__ = ["db", "migrated_file", "migrated_postgres_url", "postgres_server", "postgres_url", "sqlite_db"]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.repeats])]
)
def open_shop(request, tmp_path_factory) -> Iterator[Workshop]:
    """Once on each kind of database."""
    with contextlib.ExitStack() as stack:
        url = ""
        if request.param == "postgres":
            url = stack.enter_context(empty_database(request.getfixturevalue("postgres_server")))
        yield stack.enter_context(open_workshop(tmp_path_factory.mktemp("workshop"), url))


@pytest.fixture
def shop(open_shop) -> Workshop:
    open_shop.clear()
    return open_shop


@pytest.fixture
def aws(shop):
    """The AWS that the workshop's operations work on."""
    return shop.aws


@pytest.fixture
def bench(sqlite_db) -> Iterator[Bench]:
    """Operations without the engine, on an empty AWS."""
    with open_bench(sqlite_db) as opened:
        yield opened


@pytest.fixture
def tells(request, bench) -> Callable[..., None]:
    """Plays operations one after the other, and compares what they tell with what is kept under the test's name."""

    def played(*ids: str, folded: bool = False) -> None:
        for id_ in ids:
            if not bench.progress(id_).ended:
                bench.play(id_)
        name = request.node.name.removeprefix("test_").replace("_", " ")
        check(request.path.stem.removeprefix("test_"), name, account_of(bench, list(ids), folded=folded))

    return played
