"""`sailpass backup` and `sailpass restore`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from app.settings import SettingsError, load

# Modules that take long to import are imported by the command that needs them.

_file = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
_data_dir = click.option(
    "--data-dir", default=None, type=click.Path(path_type=Path), help="Where the console keeps its data (data)."
)


@contextmanager
def _told() -> Iterator[None]:
    from app.backup import BackupError

    try:
        yield
    except (BackupError, SettingsError) as error:
        click.echo(f"sailpass: {error}", err=True)
        sys.exit(2)


@click.command()
@_file
@_data_dir
def backup(file: Path, data_dir: Path | None) -> None:
    """Copy the history to FILE, consistent even while the console runs (SQLite)."""
    from app.backup import backup as run

    with _told():
        run(load(data_dir=data_dir), file)
        click.echo(f"The history is in {file}.")


@click.command()
@_file
@_data_dir
def restore(file: Path, data_dir: Path | None) -> None:
    """Put the history of FILE in the place of the present one, which is kept. The console must not run."""
    from app.backup import restore as run

    with _told():
        kept = run(load(data_dir=data_dir), file, datetime.now(UTC))
        click.echo(f"Restored from {file}." + (f" The history before is kept in {kept}." if kept else ""))
