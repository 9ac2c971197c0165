"""`sailpass token` and `sailpass sign-in-link`: ways in, printed for whoever may read the server's own database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from app.commands.asking import told
from app.settings import Settings, load

# Modules that take long to import are imported by the command that needs them.


def _database(command: Any) -> Any:
    data_dir = click.option(
        "--data-dir", default=None, type=click.Path(path_type=Path), help="Where the server keeps its data (data)."
    )
    return data_dir(click.option("--database-url", default=None, help="The server's database.")(command))


def _settings(data_dir: Path | None, database_url: str | None) -> Settings:
    return load(data_dir=data_dir, database_url=database_url)


@click.command()
@click.argument("name", default="")
@click.option("--days", type=int, help="Let it end after so many days; else it is good until it is revoked.")
@click.option("--list", "listing", is_flag=True, help="List the tokens there are, without their secrets.")
@click.option("--revoke", default="", metavar="NAME", help="Let a token count no longer.")
@_database
def token(
    name: str, *, days: int | None, listing: bool, revoke: str, data_dir: Path | None, database_url: str | None
) -> None:
    """Print a new token for programs, once. NAME is how the history will name them.

    The token is alone on the standard output: SAILPASS_TOKEN=$(sailpass token deploy-bot).
    """
    from app.auth.terminal import print_token, print_tokens, revoke_token

    if listing and revoke:
        raise click.UsageError("--list and --revoke exclude each other.")
    if (listing or revoke) and (name or days):
        raise click.UsageError("A new token is neither listed nor revoked: leave out NAME and --days.")
    with told():
        settings = _settings(data_dir, database_url)
        if listing:
            print_tokens(settings)
        elif revoke:
            revoke_token(settings, revoke)
        else:
            print_token(settings, name, days=days)


@click.command("sign-in-link")
@click.option("--base", default="", metavar="URL", help="The console's address as your browser reaches it.")
@_database
def sign_in_link(*, base: str, data_dir: Path | None, database_url: str | None) -> None:
    """Print a new sign-in link. It lets one browser in, once, within a day."""
    from app.auth.terminal import print_link

    with told():
        print_link(_settings(data_dir, database_url), base=base)
