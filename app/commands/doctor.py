"""`sailpass doctor`: one page that says what works, what is missing and what to do. Changes nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click

from app.commands.terminal import json_text, plain, takes_any_text
from app.doctor.report import DoctorFinding, Level, as_json, as_lines, has_problem
from app.settings import Settings, SettingsError, load

COLOURS = {Level.OK: None, Level.NOTE: "yellow", Level.PROBLEM: "red", Level.UNKNOWN: "cyan"}


@click.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print only one JSON object.")
@click.option("--offline", is_flag=True, help="Don't call AWS.")
@click.option(
    "--data-dir", default=None, type=click.Path(path_type=Path), help="The folder of the SQLite files (data)."
)
@click.option("--database-url", default=None, help="The database to check.")
@click.option("--regions", default=None, help="Comma-separated, or all.")
def doctor(
    *, json_wanted: bool, offline: bool, data_dir: Path | None, database_url: str | None, regions: str | None
) -> None:
    """Check this installation and its access to AWS, and print what to fix.

    Changes nothing and prints no secret.

    Exit status: 0 no problems; 1 something must be fixed; 2 wrong usage.
    """
    flags = {"data_dir": data_dir, "database_url": database_url, "regions": regions}
    findings = list(_findings(offline=offline, **flags))
    if json_wanted:
        click.echo(json_text(as_json(findings)))
    else:
        for level, line in as_lines(findings, unicode=takes_any_text()):
            click.secho(plain(line), fg=COLOURS[level])
    sys.exit(1 if has_problem(findings) else 0)


def _findings(*, offline: bool, **flags: object) -> Iterator[DoctorFinding]:
    from app.doctor import machine

    ours = version("sailpass")
    yield from machine.installation(ours)
    yield machine.settings_finding(os.environ)
    try:
        settings = load(**flags)
    except SettingsError as error:
        yield DoctorFinding("Settings", Level.PROBLEM, str(error), "Correct this setting; the rest was not checked.")
        return
    yield machine.data_folder(settings)
    yield machine.database(settings)
    yield machine.server(settings)
    if offline:
        yield DoctorFinding("AWS account", Level.UNKNOWN, "not asked: --offline")
    else:
        yield from _cloud(settings, ours)


def _cloud(settings: Settings, ours: str) -> Iterator[DoctorFinding]:
    from app.aws.clients import ConnectionSettings
    from app.aws.session import BotoAws
    from app.doctor.cloud import cloud

    yield from cloud(settings, BotoAws(ConnectionSettings(version=ours)))
