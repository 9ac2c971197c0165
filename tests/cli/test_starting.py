"""Commands start fast because they import little; the list of commands shows each command's own summary."""

import json
import subprocess
import sys

import click
import pytest

from app.cli import COMMANDS, main
from tests.console import ROOT, console

__all__ = ["console"]

# Runs a command in a process of its own, and then prints the names of the packages that it has imported.
IMPORTED = """
import contextlib, io, json, sys
from app.cli import main
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    main(sys.argv[1:])
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
# A second and more of imports, most of it theirs.
SLOW = {"sqlalchemy", "boto3", "botocore", "fastapi", "dbos", "alembic", "babel"}


def imported(*arguments, environment=None):
    command = [sys.executable, "-c", IMPORTED, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_imports_no_command_and_nothing_slow():
    assert imported("--help") & {*SLOW, "pydantic"} == set()


def test_status_of_a_running_server_imports_nothing_slow(console):
    assert imported("status", environment=console.environment) & SLOW == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name):
    command = main.get_command(click.Context(main), name)
    assert command.name == name
    assert COMMANDS[name].summary == command.get_short_help_str(limit=200)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_shows_no_markup(name):
    command = main.get_command(click.Context(main), name)
    assert "\\" not in command.get_help(click.Context(command))
