"""The checks of `sailpass doctor` on this machine: settings, data folder, database, running server.

Changes nothing: no folder is created, no table migrated, no mode corrected.
"""

from __future__ import annotations

import difflib
import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from app.backup.mark import is_backup
from app.client.local_server import served_address
from app.db import Database, database_file
from app.doctor.report import DoctorFinding, Level
from app.files import OTHERS, data_files
from app.migrate import database_errors, head, present_revision
from app.resources import ROOT
from app.settings import Settings, SettingsError
from app.urls import without_password

PREFIX = "SAILPASS_"
# Read by the commands that connect to a server, not by the server.
OF_COMMANDS = frozenset({"SAILPASS_URL", "SAILPASS_TOKEN"})
# Free bytes below which the history may soon run out of space.
LITTLE_SPACE = 200_000_000


def installation(version: str) -> Iterator[DoctorFinding]:
    """Return which Sailpass this is, and which Python runs it."""
    yield DoctorFinding("Sailpass", Level.OK, f"{version} in {ROOT}", details={"version": version, "folder": str(ROOT)})
    python = platform.python_version()
    details = {"version": python, "executable": sys.executable, "platform": platform.platform()}
    yield DoctorFinding("Python", Level.OK, f"{python} on {platform.system()} ({platform.machine()})", details=details)


def settings_finding(environment: Mapping[str, str]) -> DoctorFinding:
    """Return which settings are in the environment, and which of those names are unknown."""
    known_names = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields} | OF_COMMANDS
    present = sorted(name for name in environment if name.startswith(PREFIX))
    strange = [name for name in present if name not in known_names]
    details = {"set": [name for name in present if name in known_names], "unknown": strange}
    if strange:
        nearest = difflib.get_close_matches(strange[0], sorted(known_names), 1)
        todo = f"Did you mean {nearest[0]}?" if nearest else "README.md lists the settings."
        return DoctorFinding("Settings", Level.NOTE, f"Not a setting, ignored: {', '.join(strange)}", todo, details)
    named = ", ".join(details["set"]) if details["set"] else "defaults"
    return DoctorFinding("Settings", Level.OK, named, details=details)


def data_folder(settings: Settings) -> DoctorFinding:
    """Return whether the folder of the SQLite file can be used, and whether others can open it or its files."""
    file = settings.history_file
    folder = (settings.data_dir if file is None else file.parent).resolve()
    details: dict[str, Any] = {"folder": str(folder), "exists": folder.is_dir()}
    if file is None:
        return DoctorFinding("Data folder", Level.OK, "not needed: the database is on PostgreSQL", details=details)
    if not folder.is_dir():
        return _missing_folder(folder, details)
    mode = stat.S_IMODE(folder.stat().st_mode)
    exposed = [file.name for file in _exposed(settings)]
    details |= {"mode": f"{mode:04o}", "exposed_files": exposed, "free_bytes": shutil.disk_usage(folder).free}
    level, text, todo = _state_of(folder, mode, exposed, details["free_bytes"])
    return DoctorFinding("Data folder", level, f"{folder} (mode {mode:04o}){text}", todo, details)


def database(settings: Settings) -> DoctorFinding:
    """Return whether the database answers, and whether its tables are those of this release."""
    file = settings.history_file
    try:
        if file is None:
            return _postgresql(settings)
        return _sqlite(file)
    except SettingsError as error:
        return DoctorFinding("Database", Level.PROBLEM, str(error))
    except (sqlite3.Error, OSError) as error:
        todo = "Restore a backup, or use SAILPASS_DATA_DIR to choose another folder."
        return DoctorFinding("Database", Level.PROBLEM, f"{file} can't be read: {error}", todo)


def server(settings: Settings) -> DoctorFinding:
    """Return whether a server uses the SQLite database, and its address."""
    if settings.history_file is None:
        return DoctorFinding("Server", Level.UNKNOWN, "not checked: replicas on PostgreSQL leave no lock file here")
    address = served_address(settings)
    if address:
        return DoctorFinding("Server", Level.OK, f"running at {address}", details={"address": address})
    return DoctorFinding("Server", Level.OK, "not running", details={"address": ""})


def _state_of(folder: Path, mode: int, exposed: Sequence[str], free: int) -> tuple[Level, str, str]:
    """Return a folder's level, the sentence about it, and what to do."""
    if not os.access(folder, os.W_OK | os.X_OK):
        todo = "Run Sailpass as the folder's owner, or use SAILPASS_DATA_DIR to choose another folder."
        return Level.PROBLEM, ": you can't write to it", todo
    if mode & OTHERS:
        return Level.NOTE, ": other users can open it", f"Close it with: chmod 700 '{folder}'"
    if exposed:
        text = f": other users could open {', '.join(exposed)} if they could reach the folder"
        return Level.NOTE, text, "The next start of sailpass serve makes them private."
    if free < LITTLE_SPACE:
        return Level.NOTE, f": only {free // 1_000_000} MB are free on its disk", "Free some space."
    return Level.OK, "", ""


def _missing_folder(folder: Path, details: dict[str, Any]) -> DoctorFinding:
    todo = "Use SAILPASS_DATA_DIR to choose another folder."
    if folder.exists():
        return DoctorFinding("Data folder", Level.PROBLEM, f"{folder} isn't a folder", todo, details)
    if _can_be_made(folder):
        text = f"{folder} doesn't exist yet; sailpass serve creates it"
        return DoctorFinding("Data folder", Level.OK, text, details=details)
    text = f"{folder} can't be created: {_nearest(folder)} isn't a writable folder"
    return DoctorFinding("Data folder", Level.PROBLEM, text, todo, details)


def _can_be_made(path: Path) -> bool:
    """Return whether a file or folder that doesn't exist can be created where it is named."""
    parent = _nearest(path)
    return parent.is_dir() and os.access(parent, os.W_OK | os.X_OK)


def _nearest(path: Path) -> Path:
    return next(each for each in path.parents if each.exists())


def _exposed(settings: Settings) -> list[Path]:
    file = settings.history_file
    if file is None:
        return []
    files = data_files(file, database_file(settings.engine_url))
    return [each for each in files if stat.S_IMODE(each.lstat().st_mode) & OTHERS]


def _sqlite(file: Path) -> DoctorFinding:
    if not file.exists():
        details = {"kind": "sqlite", "file": str(file), "revision": ""}
        if not _can_be_made(file):
            return DoctorFinding("Database", Level.UNKNOWN, "not created: its folder can't be used", details=details)
        return DoctorFinding(
            "Database", Level.OK, "SQLite, not created yet; sailpass serve creates it", details=details
        )
    if is_backup(file):
        todo = f"Restore it with: sailpass restore '{file}' --data-dir another-folder"
        return DoctorFinding("Database", Level.PROBLEM, f"{file} is a backup and can't be served", todo)
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        named = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if named else None
    return _migration(f"SQLite, {file}", row[0] if row else "", {"kind": "sqlite", "file": str(file)})


def _postgresql(settings: Settings) -> DoctorFinding:
    url = without_password(settings.history_url)
    opened = Database(settings.history_url, pool_size=1)
    try:
        with database_errors(), opened.engine.connect() as connection:
            server_version = ".".join(map(str, connection.dialect.server_version_info or ()))
            revision = present_revision(connection)
    finally:
        opened.close()
    details = {"kind": "postgresql", "url": url, "server_version": server_version}
    return _migration(f"PostgreSQL {server_version}, {url}", revision, details)


def _migration(name: str, revision: str, details: dict[str, str]) -> DoctorFinding:
    newest = head()
    with_revisions = {**details, "revision": revision, "newest_revision": newest}
    if revision > newest:
        text = f"{name}: of a later release (revision {revision}, this one knows {newest})"
        return DoctorFinding(
            "Database", Level.PROBLEM, text, "Start that release, or restore a backup.", with_revisions
        )
    if revision == newest:
        return DoctorFinding("Database", Level.OK, f"{name} (revision {revision}, up to date)", details=with_revisions)
    text = f"{name} (revision {revision or 'none'}; this release needs {newest})"
    todo = "sailpass serve migrates it at its next start; sailpass migrate does it now. Back it up before."
    return DoctorFinding("Database", Level.NOTE, text, todo, with_revisions)
