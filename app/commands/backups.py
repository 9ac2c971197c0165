"""`sailpass backup`, `sailpass restore` and `sailpass after-restore`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from app.settings import SettingsError, load

# Slow imports happen in the command that needs them.

_file = click.argument("file", type=click.Path(path_type=Path))
_data_dir = click.option(
    "--data-dir", default=None, type=click.Path(path_type=Path), help="The console's data folder (data)."
)


@contextmanager
def _edge() -> Iterator[None]:
    from app.backup.errors import BackupError

    try:
        yield
    except (BackupError, SettingsError) as error:
        _stop(str(error))
    except OSError as error:  # such as a lock file of another user
        _stop(f"{error.filename}: {error.strerror}" if error.strerror else str(error))


def _stop(sentence: str) -> None:
    click.echo(f"sailpass: {sentence}", err=True)
    sys.exit(2)


@click.command()
@_file
@_data_dir
def backup(file: Path, data_dir: Path | None) -> None:
    """Copy the history to FILE, consistent even while the console runs (SQLite).

    The copy holds no sign-ins, tokens or cached AWS data. Only your user can read FILE.
    """
    from app.backup.making import backup as run

    with _edge():
        run(load(data_dir=data_dir), file)
        click.echo(f"The history is in {file}.")


@click.command()
@_file
@_data_dir
def restore(file: Path, data_dir: Path | None) -> None:
    """Replace the history with the one in FILE; the current one is kept. Stop the console first.

    Only the history is restored: everyone signs in again, tokens must be created again, and operations that were
    running when the backup was made end as interrupted.
    """
    from app.backup.restoring import restore as run

    with _edge():
        restored = run(load(data_dir=data_dir), file, datetime.now(UTC))
        kept = f" The history before is kept in {restored.kept}." if restored.kept else ""
        click.echo(f"Restored from {file}.{kept}")
        _say_what_ended(restored.interrupted)


@click.command("after-restore")
@_data_dir
@click.option("--database-url", default=None, help="The database that was restored.")
@click.option("--moved", is_flag=True, help="The original wasn't used since: keep everything (PostgreSQL).")
def after_restore(*, data_dir: Path | None, database_url: str | None, moved: bool) -> None:
    """Complete a restore made with pg_restore, a snapshot or a copied file. Stop all consoles first.

    Does what restore does: deletes sign-ins, tokens and cached AWS data, and ends operations that the database shows
    as running as interrupted, so that no access that was revoked since comes back.
    """
    from app.backup.after import after_restore as run

    with _edge():
        settings = load(data_dir=data_dir, database_url=database_url)
        interrupted = run(settings, datetime.now(UTC), moved=moved)
        if moved:
            click.echo("Noted. Everything is kept.")
        else:
            click.echo("Done. The history is kept.")
            _say_what_ended(interrupted)


def _say_what_ended(interrupted: int) -> None:
    click.echo(
        "All sign-in links, sessions and tokens are gone; make new ones with “sailpass sign-in-link” and “sailpass token”."
    )
    if interrupted:
        operations = "1 operation was" if interrupted == 1 else f"{interrupted} operations were"
        click.echo(
            f"{operations} running in it and ended as interrupted. Look at “sailpass history --outcome interrupted”, "
            "check the repository policies, then retry."
        )
