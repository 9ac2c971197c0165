"""Commands of a terminal that do the same by hand: the steps to copy for each system. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from app.policy.commands import Command, System
from app.policy.messages import WORDS
from app.wording import Message

SYSTEMS = {System.POSIX: "macOS / Linux", System.WINDOWS: "Windows (PowerShell)"}


@dataclass(frozen=True)
class ShellStep:
    """One command with the remark that stands above it."""

    remark: Message
    command: str


@dataclass(frozen=True)
class Commands:
    """The commands that do the same on one system: `system` is "macOS / Linux" or "Windows (PowerShell)"."""

    system: str
    steps: tuple[ShellStep, ...]


def for_each_system(commands_for: Callable[[System], Iterable[Command]]) -> tuple[Commands, ...]:
    """Return the commands of every system, each with a remark that says what it does."""
    return tuple(Commands(name, _steps(commands_for(system))) for system, name in SYSTEMS.items())


def _steps(commands: Iterable[Command]) -> tuple[ShellStep, ...]:
    return tuple(ShellStep(Message(WORDS[f"command.{command.code}"]), command.text) for command in commands)
