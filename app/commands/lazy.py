"""A group of commands, each imported only when it is run: listing them imports none."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click

from app.commands.terminal import plain, without_escapes, write_what_can_be_written

UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class LazyCommand(NamedTuple):
    """The location of a command (`module:name`), and the first sentence of its help."""

    where: str
    summary: str


class LazyGroup(click.Group):
    """A group whose `lazy` commands are known by name and summary until one of them is run."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name, in order."""
        return sorted({*super().list_commands(ctx), *self.lazy})

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command. Output that can't be written ends it with one sentence; click itself handles a closed pipe.

        So does an argument or a variable that is no text: no request can hold it.
        """
        write_what_can_be_written()
        if without_escapes():
            kwargs["color"] = False
        try:
            return super().main(*args, **kwargs)
        except UnicodeEncodeError as error:
            if error.reason != "surrogates not allowed":
                raise
            # Only an argument is shown: a variable may hold a secret.
            words = kwargs.get("args") or (args[0] if args else None) or sys.argv
            what = f"“{plain(error.object)}”" if error.object in words else "A value"
            click.echo(f"sailpass: {what} isn't text in UTF-8.", err=True)
            sys.exit(2)
        except OSError as error:
            if error.errno not in UNWRITABLE or error.filename is not None:
                raise
            click.echo(f"sailpass: The output can't be written: {error.strerror}.", err=True)
            # At its end Python would try once more to write the rest, and end with its own message and status.
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  (until the process ends)
            sys.exit(1)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named; for an unknown name, fail with the one that was probably meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            if nearest := get_close_matches(args[0], self.list_commands(ctx), n=1):
                raise click.UsageError(f"{error.message} Did you mean '{nearest[0]}'?", ctx) from None
            raise

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, imported now; None if there is none of this name."""
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, name = self.lazy[cmd_name].where.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from their summaries. Click's own method would import every command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.lazy[name].summary) for name in self.list_commands(ctx)])
