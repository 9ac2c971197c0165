"""`sailpass serve`, `demo`, `sandbox` and `migrate`: the commands that serve, and the migration before it.

Exit status 2: a setting that cannot be used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from app import collector
from app.files import private_folder
from app.settings import Settings, SettingsError, check_usable, load
from app.stopping import end_by_sigterm

# Slow imports happen in the command that needs them.

WRONG_SETTING = 2

F = TypeVar("F", bound=Callable[..., Any])


def _flag(name: str, help_text: str, **options: Any) -> Callable[[F], F]:
    return click.option(f"--{name}", default=None, help=help_text, **options)


def _settings(**flags: Any) -> Settings:
    try:
        return load(**flags)
    except SettingsError as error:
        _stop(error)
        raise


def _stop(error: Exception) -> None:
    click.echo(f"sailpass: {error}", err=True)
    sys.exit(WRONG_SETTING)


@click.command()
@_flag("host", "Where to listen (127.0.0.1).")
@_flag("port", "The port (8000).", type=int)
@_flag("data-dir", "The folder of the SQLite files (data).")
@_flag("database-url", "postgresql+psycopg://… for many replicas.")
@_flag("instance", "This replica's name, the same after each restart.")
@_flag("regions", "Comma-separated, or all.")
@_flag("auth", "local: a printed one-time sign-in link; none: only on a loopback host.")
@_flag("allowed-hosts", "Host names under which browsers may reach it.")
@_flag("log-format", "text or json.")
def serve(**flags: Any) -> None:
    """Run the console on real AWS, with the usual credential chain."""
    end_by_sigterm()  # before all that takes long
    collector.rest()
    from app.serving import serve as run

    settings = _settings(**flags)
    try:
        check_usable(settings)
        sys.exit(run(settings))
    except SettingsError as error:
        _stop(error)


@click.command()
@_flag("host", "Where the console listens (127.0.0.1).")
@_flag("port", "The console's port (8000).", type=int)
@_flag("data-dir", "The demo's data folder (data/demo).")
@_flag("sandbox-port", "The sandbox's port (4570).", type=int)
@_flag("sandbox-activation-seconds", "How long the sandbox takes to activate a role (6).", type=float)
def demo(**flags: Any) -> None:
    """Run the sandbox and a console on it, without an AWS account."""
    from app.demo import demo as run

    collector.rest()
    try:
        sys.exit(run(flags))
    except SettingsError as error:
        _stop(error)


@click.command()
@_flag("host", "Where to listen (127.0.0.1).")
@_flag("port", "The port (4570).", type=int)
@click.option("--seed", default="demo", type=click.Choice(["demo", "empty", "large"]), help="The initial state.")
@click.option("--repositories", default=100_000, help="How many repositories --seed large makes.")
@click.option("--services", default=20, help="How many services --seed large makes.")
@_flag("activation-seconds", "How long a role's activation takes (6).", type=float)
@click.option("--principal-seconds", default=1.0, help="How long ECR rejects a new principal.")
@click.option("--deployment-seconds", default=8.0, help="How long a deployment takes.")
@click.option("--latency-ms", default=0.0, help="Delay of each response.")
@click.option("--rate-limit", default=None, type=float, help="Requests per second before it throttles.")
@click.option("--setup-region", "setup_regions", multiple=True, help="A Region that is still being set up.")
@click.option(
    "--state-file", default=None, type=click.Path(path_type=Path), help="Where to keep the state between runs."
)
@click.option("--fault", "faults", multiple=True, help="A fault that is active from the start, as JSON.")
@click.option("--arn-lag-seconds", default=0.0, help="How long the role's ARN stays empty after activation.")
@click.option("--shuffle-seed", default=None, type=int, help="Makes the order of principals repeatable.")
@click.option("--exit-with-parent", is_flag=True, help="Exit when standard input ends.")
@click.option(
    "--log-format", default="none", type=click.Choice(["none", "text", "json"]), help="One log line per request."
)
def sandbox(host: str | None, port: int | None, activation_seconds: float | None, **flags: Any) -> None:
    """Run the local AWS endpoint alone, for the AWS CLI, SDKs and tests."""
    from app.sandbox.errors import SandboxError
    from app.sandbox.options import SandboxOptions
    from app.sandbox.run import run

    settings = _settings(sandbox_port=port, sandbox_activation_seconds=activation_seconds)
    try:
        options = SandboxOptions(
            host=host or "127.0.0.1",
            port=settings.sandbox_port,
            activation_seconds=settings.sandbox_activation_seconds,
            **flags,
        )
        sys.exit(run(options))
    except SandboxError as error:
        _stop(error)


@click.command()
@_flag("data-dir", "The folder of the SQLite files (data).")
@_flag("database-url", "The database to migrate.")
def migrate(**flags: Any) -> None:
    """Update the database to the current schema. `sailpass serve` does this automatically."""
    from app.db import Database
    from app.migrate import database_errors
    from app.migrate import migrate as run

    settings = _settings(**flags)
    database = Database(settings.history_url)
    try:
        with database_errors():
            if not settings.database_url:
                private_folder(settings.data_dir)
            click.echo("Migrated." if run(database) else "The database is up to date.")
    except SettingsError as error:
        _stop(error)
    finally:
        database.close()
