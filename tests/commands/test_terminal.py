"""Progress on a terminal is redrawn; elsewhere each change is a line. No foreign text moves the cursor."""

import io

import click
import pytest
from click.testing import CliRunner

from app.cli import main
from app.commands.terminal import Steps, plain, write_what_can_be_written


class Terminal(io.StringIO):
    """A place to write to."""

    def __init__(self, *, live=True, encoding="utf-8"):
        super().__init__()
        self._live, self._encoding = live, encoding

    @property
    def encoding(self):
        return self._encoding

    def isatty(self):
        return self._live


@pytest.fixture(autouse=True)
def capable(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def a_step(state="pending", note="", problem="", title="Update the repository policy", name="update_policy"):
    return {
        "name": name,
        "title": title,
        "state": state,
        "note": {"message": note} if note else None,
        "problem": {"message": problem} if problem else None,
    }


def shown(*pictures, **kind):
    terminal = Terminal(**kind)
    steps = Steps(terminal)
    for picture in pictures:
        steps.show({"steps": picture})
    return terminal.getvalue()


def test_a_step_is_drawn_over_on_a_terminal():
    text = shown([a_step("running")], [a_step("succeeded")])
    assert "\x1b[1A" in text
    assert text.count("\n") == 2


@pytest.mark.parametrize("name, value", [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_where_escapes_are_not_wanted_there_are_none(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert shown([a_step("running")], [a_step("succeeded")]) == (
        "• Update the repository policy: In progress.\n✓ Update the repository policy: Done.\n"
    )
    told = CliRunner().invoke(main, ["doctor", "--offline"], color=True)
    assert "✓ Sailpass" in told.output
    assert "\x1b" not in told.output


def test_a_running_step_says_for_how_long():
    assert shown([a_step("running")]).endswith("Update the repository policy: In progress. (0 s)\n")


def test_every_step_keeps_its_line():
    picture = [a_step(name="one"), a_step("running", name="two"), a_step(name="three")]
    assert shown(picture, picture).count("\x1b[3A") == 1


def test_a_long_line_is_cut_so_that_it_stays_one(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = shown([a_step("failed", problem="x" * 200)])
    assert "…" in text
    assert "x" * 60 not in text


def test_elsewhere_only_changes_are_told():
    text = shown([a_step()], [a_step("running")], [a_step("running")], [a_step("succeeded")], live=False)
    assert text == "• Update the repository policy: In progress.\n✓ Update the repository policy: Done.\n"


def test_a_note_is_told_with_its_step():
    text = shown([a_step("skipped", note="The role was active already.")], live=False)
    assert text == "✓ Update the repository policy: Not needed. The role was active already.\n"


def test_a_terminal_that_knows_only_letters_gets_letters():
    assert shown([a_step("succeeded")], live=False, encoding="ascii").isascii()


def test_what_a_terminal_cannot_show_is_shown_by_its_number(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr("sys.stdout", out)
    write_what_can_be_written()
    click.echo("ü日", nl=False)
    assert out.buffer.getvalue() == b"\xfc\\u65e5"


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nb", "\r", "\u202e", "\x07"])
def test_nothing_steers_the_terminal(text):
    assert plain(text).isprintable()
    assert plain("plain words, ümlauts, 日本") == "plain words, ümlauts, 日本"
