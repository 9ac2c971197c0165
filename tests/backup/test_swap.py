"""The next process to open the database finishes the swap of a killed restore, or reports why it can't."""

from __future__ import annotations

import json
import os

import pytest

from app.backup.swap import Swap, SwapError, finish_swap, note_path, swap
from tests.cli.running import quickly, sailpass
from tests.console import free_port


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a.db").write_text("old")
    (tmp_path / "a.db.restoring").write_text("new")
    return tmp_path / "a.db"


PLANNED = Swap((("a.db", "kept.db"), ("a.db-wal", "kept.db-wal")), "a.db.restoring")


def begun(file, planned=PLANNED):
    """As after a kill right behind the note."""
    note_path(file).write_text(json.dumps({"aside": planned.aside, "part": planned.part}))
    note_path(file).chmod(0o600)


def test_it_is_finished_by_the_next(file):
    begun(file)
    finish_swap(file)
    assert (file.read_text(), (file.parent / "kept.db").read_text()) == ("new", "old")
    assert not note_path(file).exists()


def test_without_a_note_nothing_is_done(file):
    finish_swap(file)
    assert file.read_text() == "old"


def test_one_that_was_finished_but_for_its_note_is_not_done_twice(file):
    begun(file)
    file.rename(file.parent / "kept.db")
    (file.parent / "a.db.restoring").rename(file)
    finish_swap(file)
    assert (file.read_text(), (file.parent / "kept.db").read_text()) == ("new", "old")


def test_nothing_is_begun_without_the_new_file(file):
    (file.parent / "a.db.restoring").unlink()
    with pytest.raises(SwapError, match="There is no file"):
        swap(file, PLANNED)
    assert (file.read_text(), note_path(file).exists()) == ("old", False)


def lose_the_part(file):
    (file.parent / "a.db.restoring").unlink()


def lose_both(file):
    file.unlink()
    lose_the_part(file)


def take_the_name(file):
    (file.parent / "kept.db").write_text("somebody's")


def spoil_the_note(file):
    note_path(file).write_text("{")


def name_elsewhere(file):
    begun(file, Swap((("a.db", "../kept.db"),), "a.db.restoring"))


def make_it_a_link(file):
    note_path(file).rename(file.parent / "note")
    note_path(file).symlink_to(file.parent / "note")


@pytest.mark.parametrize(
    "spoil, reason",
    [
        (lose_the_part, "is gone"),
        (lose_both, "is gone"),
        (take_the_name, "which exists"),
        (spoil_the_note, "can't be read"),
        (name_elsewhere, "names files elsewhere"),
        (make_it_a_link, "is a symbolic link"),
    ],
)
def test_what_cannot_be_finished_is_said_and_left_as_it_is(file, spoil, reason):
    begun(file)
    spoil(file)
    before = {each.name: each.read_bytes() for each in file.parent.iterdir()}
    with pytest.raises(SwapError, match=f"interrupted.*{reason}"):
        finish_swap(file)
    assert before == {each.name: each.read_bytes() for each in file.parent.iterdir()}


def test_a_folder_that_cannot_be_written_is_named(file, monkeypatch):
    begun(file)

    def refuse(*_):
        raise OSError(30, os.strerror(30))

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(SwapError, match=r"can't be finished: Read-only file system\. Correct that in the folder"):
        finish_swap(file)


def test_a_command_says_why_it_does_not_start(tmp_path):
    note_path(tmp_path / "sailpass.db").write_text("{")
    environment = {**os.environ, "SAILPASS_DATA_DIR": str(tmp_path), "SAILPASS_PORT": str(free_port())}
    for words in (("migrate",), ("history",), ("serve",), ("restore", "x.db")):
        ran = (sailpass if words == ("serve",) else quickly)(environment, *words)
        assert (ran.status, ran.out) == (2, ""), ran
        assert "its note" in ran.err
        assert "Traceback" not in ran.err
