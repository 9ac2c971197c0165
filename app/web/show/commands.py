"""Commands of a terminal as a page shows them: one text to copy for each system."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from app.policy.commands import Command, System
from app.policy.words import WORDS
from app.web import i18n
from app.web.pages_operation import Commands

_SYSTEMS = {System.POSIX: "macOS / Linux", System.WINDOWS: "Windows (PowerShell)"}


def for_each_system(commands_for: Callable[[System], Iterable[Command]]) -> tuple[Commands, ...]:
    """Return the commands of every system, each command below a comment that says what it does."""
    return tuple(Commands(name, _text(commands_for(system))) for system, name in _SYSTEMS.items())


def _text(commands: Iterable[Command]) -> str:
    # Both shells write comments with a number sign.
    return "\n\n".join(f"# {i18n.gettext(WORDS[f'command.{command.code}'])}\n{command.text}" for command in commands)
