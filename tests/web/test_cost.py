"""The cost of a page does not grow with its content: database queries and AWS calls are counted."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

import pytest
from sqlalchemy import event

from app.db import Database
from app.findings.check import check_due
from app.history.queries import find_version
from tests.history.happened import happened, living
from tests.in_process import in_process_console
from tests.sandbox_server import RunningSandbox, start_sandbox

SERVICE = "web"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PAGES = {
    "the Images tab": "/containers/us-east-1/web/images",
    "the list of containers": "/containers",
    "the list of repositories": "/repositories",
    "the list of findings": "/findings",
    "the list to choose from": "/containers/us-east-1/web/repositories/options?repository=r",
    "the list of many": "/containers/us-east-1/web/repositories/many?action=grant",
    "the search": "/search?q=team",
    "the Add dialog": "/containers/us-east-1/web/repositories/new",
    "the check of a choice": "/containers/us-east-1/web/repositories/check?repository=team/r-001",
}


@dataclass
class Costs:
    """By page: database queries and AWS calls, and the rows that it shows."""

    queries: dict[str, int] = field(default_factory=dict)
    calls: dict[str, int] = field(default_factory=dict)
    rows: int = 0


def plant(sandbox: RunningSandbox, repositories: int, granted: int) -> None:
    lightsail, ecr = sandbox.client("lightsail"), sandbox.client("ecr")
    access = {"ecrImagePullerRole": {"isActive": True}}
    lightsail.create_container_service(serviceName=SERVICE, power="nano", scale=1, privateRegistryAccess=access)
    sandbox.advance(5)
    arn = sandbox.service(SERVICE)["privateRegistryAccess"]["ecrImagePullerRole"]["principalArn"]
    for number in range(repositories):
        ecr.create_repository(repositoryName=f"team/r-{number:03}")
        principal = arn if number < granted else "210987654321"
        statement = {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": principal}, "Action": PULL}
        sandbox.put_policy(f"team/r-{number:03}", {"Version": "2012-10-17", "Statement": [statement]})


def counted(db: Database) -> list[str]:
    """The statements that pages send to a database from now on, without those that open a transaction.

    What works beside them for all pages, as the background sync and the watch for changes, has threads of its own.
    """
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_) -> None:
        beside = threading.current_thread().name.startswith(("history", "inventory"))
        if not beside and not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    return sent


async def measure(tmp_path, patch, repositories: int, granted: int) -> Costs:
    costs = Costs()
    with start_sandbox(seed="empty") as sandbox:
        plant(sandbox, repositories, granted)
        async with in_process_console(tmp_path, sandbox, patch) as (client, services):
            while check_due(services.db, services.connection, services.clock.now()):
                pass  # as the watch beside the pages does
            queries = counted(services.db)
            for name, path in PAGES.items():
                sandbox.clear_calls()
                queries.clear()
                answer = await client.get(path)
                assert answer.status_code == 200, answer.text
                costs.queries[name], costs.calls[name] = len(queries), len(sandbox.calls())
                if name == "the Images tab":
                    costs.rows = answer.text.count("Remove team/r-")
    return costs


@pytest.fixture(scope="module")
def few_and_many(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        few = asyncio.run(measure(tmp_path_factory.mktemp("few"), patch, 2, 1))
        many = asyncio.run(measure(tmp_path_factory.mktemp("many"), patch, 200, 20))
    return few, many


def test_the_pages_show_what_was_planted(few_and_many):
    assert [costs.rows for costs in few_and_many] == [1, 20]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_200_repositories_asks_no_more_than_one_of_2(few_and_many, page):
    few, many = few_and_many
    assert 0 < many.queries[page] <= few.queries[page]
    assert many.calls[page] == few.calls[page] == 0


async def test_a_poll_that_brings_nothing_new_is_one_query_and_says_204(tmp_path, monkeypatch):
    with start_sandbox(seed="empty") as sandbox:
        plant(sandbox, 1, 0)
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            living(services.db, "operation-1")
            version = find_version(services.db, "operation-1")
            queries = counted(services.db)
            sandbox.clear_calls()
            address = f"/operations/operation-1/progress?seen={version}"
            answer = await client.get(address, headers={"HX-Request": "true"})
            assert (answer.status_code, answer.text) == (204, "")
            assert (len(queries), sandbox.calls()) == (1, [])


async def test_the_page_of_an_operation_with_many_parts_asks_no_more_than_that_of_one_with_few(tmp_path, monkeypatch):
    with start_sandbox(seed="empty") as sandbox:
        async with in_process_console(tmp_path, sandbox, monkeypatch) as (client, services):
            for whole, parts in (("few", 2), ("many", 40)):
                happened(services.db, whole)
                for number in range(parts):
                    happened(services.db, f"{whole}-{number}", kind="revoke", follows=whole)
            queries, costs = counted(services.db), {}
            for whole in ("few", "few", "many"):  # the first page reads more, and keeps it
                queries.clear()
                assert "Undo" in (await client.get(f"/operations/{whole}")).text
                costs[whole] = len(queries)
            assert costs["many"] == costs["few"]
