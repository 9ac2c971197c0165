"""The names of callers in history, built so that no caller can act under another's name. Pure.

A person's name never holds a colon; tokens and commands have a prefix with one.
"""

from __future__ import annotations

import re

TOKEN = "token:"  # noqa: S105  (a prefix of names, not a secret)
COMMAND = "command:"
LONGEST = 255

# Names that people may give a token; no colon, so that none looks like a command's token.
TOKEN_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_NOT_IN_NAMES = re.compile(r"[:\x00-\x1f\x7f]")


def person_name(user: str) -> str:
    """Return the name in history of the system's user `user`: without what marks tokens and commands."""
    return _NOT_IN_NAMES.sub("_", user)[:LONGEST]


def command_name(person: str) -> str:
    """Return the name under which a command acts that `person` runs in a terminal: `command:mika`."""
    return f"{COMMAND}{person}"[:LONGEST]


def command_token_name(suffix: str) -> str:
    """Return the name of a token that one command borrows; `suffix` makes it unique."""
    return f"{COMMAND}{suffix}"


def token_caller(name: str, created_by: str) -> str:
    """Return the name under which a token acts: `token:ci`, or that of the command that borrowed it."""
    return command_name(created_by) if name.startswith(COMMAND) else f"{TOKEN}{name}"
