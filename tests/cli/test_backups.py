"""Backing up beside a running server, and restoring once it has stopped."""

from __future__ import annotations

import pytest

from tests.cli.running import quickly, sailpass, without
from tests.console import start_console
from tests.sandbox_server import start_sandbox


@pytest.fixture(scope="module")
def backed_up(tmp_path_factory):
    """A history with one operation, backed up while the server ran, which has stopped since; and where the backup is."""
    folder = tmp_path_factory.mktemp("backups")
    file = folder / "copy.db"
    with start_sandbox() as sandbox, start_console(folder / "data", sandbox=sandbox) as console:
        quickly(console.environment, "grant", "storefront-web", "edge/cache")
        ran = quickly(console.environment, "backup", str(file))
        refused = quickly(console.environment, "restore", str(file))
    assert (ran.status, ran.out) == (0, f"The history is in {file}.\n")
    assert (refused.status, "A console runs on this history" in refused.err) == (2, True)
    return console.environment, file


def test_a_backup_is_put_in_place_and_what_was_there_is_kept(backed_up):
    environment, file = backed_up
    ran = quickly(environment, "restore", str(file))
    assert ran.status == 0
    assert "The history before is kept in " in ran.out


def test_a_restored_history_can_be_looked_at(backed_up, tmp_path):
    environment, file = backed_up
    elsewhere = {**environment, "SAILPASS_DATA_DIR": str(tmp_path)}
    assert quickly(elsewhere, "restore", str(file)).out.startswith(f"Restored from {file}.\n")
    found = sailpass(without(elsewhere, "SAILPASS_URL"), "history", "--json").json["operations"]
    assert [one["repository"] for one in found] == ["edge/cache"]
