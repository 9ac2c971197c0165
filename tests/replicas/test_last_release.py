"""The last release with this one on one database, up and down, with operations in flight.

The last release is the newest tag `v…` that HEAD descends from; until there is one, a commit of before this release's
tables changed. Its tree comes out of git; where the history is not there (an archive, a shallow clone), this is skipped.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.db import Database
from app.migrate import MIGRATIONS
from tests.console import ROOT, RunningConsole, start_console, until
from tests.postgres_server import postgres_server, postgres_url
from tests.sandbox_server import start_sandbox_process

__all__ = ["postgres_server", "postgres_url"]

pytestmark = [pytest.mark.crash]
# Its workflows are of the same version, its tables of revision 0004.
BEFORE_THE_FIRST_RELEASE = "5b154bd5793e81d6e45eb6e35ad4ee4cd7c87f65"
REGION, OFF, ON = "us-east-1", "payments-api", "storefront-web"


def git(*arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=True).stdout


def last_release() -> str:
    tags = git("tag", "--merged", "HEAD", "--list", "v[0-9]*", "--sort=-v:refname").decode().split()
    return tags[0] if tags else BEFORE_THE_FIRST_RELEASE


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Path:
    """The source tree of the last release."""
    try:
        archive = git("archive", last_release())
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the last release is not in this checkout's history: {error}")
    folder = tmp_path_factory.mktemp("release")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


@pytest.fixture
def sandbox():
    """Roles take so long to come that operations wait for them until time is let pass."""
    with start_sandbox_process(activation_seconds=600) as running:
        yield running


def grant(console: RunningConsole, service: str, repository: str) -> str:
    """Start it as the page's form does: the operation's id."""
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = console.post(f"/containers/{REGION}/{service}/repositories", f"repository={repository}", **form)
    assert answer.status == 303, answer
    return answer.headers["location"].rpartition("/")[2]


def outcome(console: RunningConsole, operation_id: str) -> str | None:
    return console.get(f"/api/v1/operations/{operation_id}").json["outcome"]


def succeeded(console: RunningConsole, *ids: str) -> None:
    until(lambda: [outcome(console, each) for each in ids], lambda seen: seen == ["succeeded"] * len(ids), seconds=60)


def waits(console: RunningConsole, operation_id: str) -> None:
    """Wait until it waits for its role."""
    steps = lambda: console.get(f"/api/v1/operations/{operation_id}").json["steps"]  # noqa: E731
    until(steps, lambda seen: any(each["name"] == "wait_for_role" and each["state"] == "running" for each in seen))


def revision_of(tree: Path) -> str:
    return max(file.name.partition("_")[0] for file in (tree / "migrations" / "versions").glob("[0-9]*.py"))


def back_to(url: str, revision: str) -> None:
    """Migrate the tables back to an earlier release, as its notes would tell an operator to."""
    database = Database(url)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
        connection.commit()
    database.close()


def long_silent(url: str, instance: str) -> None:
    """Let an instance that was killed have been silent for as long as others wait before they take over."""
    database = Database(url)
    with database.write() as session:
        session.execute(
            text("UPDATE instances SET beat_at = beat_at - interval '1 minute' WHERE name = :name"), {"name": instance}
        )
    database.close()


def test_operations_go_on_up_and_down_on_sqlite(sandbox, release, tmp_path):
    settings = {"sandbox": sandbox, "regions": REGION}
    with start_console(tmp_path, root=release, **settings) as old:
        first = grant(old, OFF, "tools/cli")
        waits(old, first)
        old.kill()
    with start_console(tmp_path, **settings) as new:
        waits(new, first)
        second = grant(new, OFF, "payments/api")
        done = grant(new, ON, "shared/base-node")
        waits(new, second)
        succeeded(new, done)
        new.kill()
    back_to(f"sqlite:///{tmp_path}/sailpass.db", revision_of(release))
    with start_console(tmp_path, root=release, **settings) as old:
        waits(old, second)
        sandbox.advance(600)
        succeeded(old, first, second, done)
    for name in ("tools/cli", "payments/api", "shared/base-node"):
        assert len([each for each in sandbox.policy(name)["revisions"] if each["by"] != "another writer"]) == 1


@pytest.mark.postgres
def test_operations_go_on_up_and_down_side_by_side_on_postgresql(sandbox, release, postgres_url, tmp_path):
    settings = {"sandbox": sandbox, "regions": REGION, "database_url": postgres_url}
    with start_console(tmp_path / "old", root=release, instance="old", **settings) as old:
        first = grant(old, OFF, "tools/cli")
        waits(old, first)
        with start_console(tmp_path / "new", instance="new", **settings) as new:
            second = grant(new, OFF, "payments/api")
            waits(new, second)
            succeeded(old, grant(new, ON, "shared/base-node"))
            succeeded(new, grant(old, ON, "analytics/etl"))
            old.kill()
            long_silent(postgres_url, "old")
            sandbox.advance(600)
            succeeded(new, first, second)
            third = grant(new, OFF, "analytics/etl")
            new.kill()
    long_silent(postgres_url, "new")
    back_to(postgres_url, revision_of(release))
    with start_console(tmp_path / "old", root=release, instance="new", **settings) as old:
        succeeded(old, first, second, third)
