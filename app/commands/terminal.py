"""A command's output while an operation runs: one line per step, kept up to date. It never prompts.

On a terminal the lines are redrawn; elsewhere each change is a line of its own. Text from AWS or from other people
cannot move the cursor.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

import click

MARKS = {
    "pending": "·",
    "running": "•",
    "succeeded": "✓",
    "skipped": "✓",
    "failed": "✗",
    "cancelled": "-",
    "interrupted": "?",
}
PLAIN_MARKS = {**MARKS, "pending": ".", "running": ">", "succeeded": "+", "skipped": "+", "failed": "x"}
COLOURS = {"running": "cyan", "succeeded": "green", "skipped": "green", "failed": "red"}
STATES = {
    "pending": "",
    "running": "in progress",
    "succeeded": "done",
    "skipped": "not needed",
    "failed": "failed",
    "cancelled": "cancelled",
    "interrupted": "interrupted",
}

Json = dict[str, Any]


def without_escapes() -> bool:
    """Return whether the person wants neither colors nor lines that are redrawn (https://no-color.org)."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"


def takes_any_text(out: TextIO | None = None) -> bool:
    """Return whether an output (standard output) takes every character: whether its encoding is UTF-8."""
    return ((out or sys.stdout).encoding or "").lower().replace("-", "") == "utf8"


def write_what_can_be_written() -> None:
    """From here on, characters that the terminal's encoding lacks are written by their numbers: no output ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def json_text(value: Any) -> str:
    """Return a result as JSON that the terminal's encoding can hold."""
    return json.dumps(value, indent=2, ensure_ascii=not takes_any_text())


def plain(text: str) -> str:
    """Return the text on one line, with control characters made visible."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def say(text: str) -> None:
    """Print a message to the person, apart from the result."""
    click.echo(f"sailpass: {plain(text)}", err=True)


def show_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under their heads; nothing where there are none."""
    lines = [tuple(plain(cell) for cell in row) for row in (heads, *rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(heads))]
    for line in lines if len(lines) > 1 else ():
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


class Steps:
    """Prints an operation's steps."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._live = self._out.isatty() and not without_escapes()
        self._marks = MARKS if takes_any_text(self._out) else PLAIN_MARKS
        self._drawn: list[str] = []
        self._said: dict[str, str] = {}
        self._began: dict[str, float] = {}

    def show(self, operation: Json) -> None:
        """Update the output."""
        if self._live:
            self._draw(operation)
        else:
            self._tell(operation)

    def _draw(self, operation: Json) -> None:
        lines = [self._line(step) for step in operation["steps"]]
        up = f"\x1b[{len(self._drawn)}A" if self._drawn else ""
        click.echo(up + "".join(f"\x1b[2K{line}\n" for line in lines), file=self._out, nl=False)
        self._drawn = lines

    def _tell(self, operation: Json) -> None:
        for step in operation["steps"]:
            line = self._words(step)
            if step["state"] != "pending" and self._said.get(step["name"]) != line:
                self._said[step["name"]] = line
                click.echo(f"{self._marks[step['state']]} {line}", file=self._out)

    def _line(self, step: Json) -> str:
        words = self._words(step)
        if step["state"] == "running":
            began = self._began.setdefault(step["name"], time.monotonic())
            words += f" ({time.monotonic() - began:.0f} s)"
        room = max(20, shutil.get_terminal_size().columns - 4)
        words = words if len(words) <= room else words[: room - 1] + "…"
        return f"{click.style(self._marks[step['state']], fg=COLOURS.get(step['state']))} {words}"

    def _words(self, step: Json) -> str:
        said = [STATES[step["state"]], step["note"]["message"] if step["note"] else ""]
        said += [step["problem"]["message"]] if step["problem"] else []
        words = " ".join(part[:1].upper() + part[1:].rstrip(".") + "." for part in said if part)
        return plain(f"{step['title']}: {words}" if words else step["title"])
