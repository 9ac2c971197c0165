"""Compares an SQLite file's schema with that of our migrations. Reads none of its rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from app.backup.errors import BackupError

# SQLite's own statistics, which ANALYZE leaves; they are not restored.
STATISTICS = {("table", "sqlite_stat1"), ("table", "sqlite_stat4")}

Shape = Mapping[str, Any]


def refuse_active_parts(connection: sqlite3.Connection) -> None:
    """Refuse anything that can compute or change rows. Call it before anything is read. Raises BackupError.

    Our tables have no triggers, views, virtual tables or generated columns.
    """
    # A table without pages of its own is a virtual one.
    parts = connection.execute("SELECT type, name, rootpage FROM main.sqlite_master").fetchall()
    for kind, name, page in parts:
        if kind not in ("table", "index") or not page:
            what = "virtual table" if kind == "table" else kind
            raise BackupError(f"it contains a {what}, “{name}”, which Sailpass doesn't make")
    for name in [name for kind, name, _ in parts if kind == "table"]:
        for column in _rows(connection, "table_xinfo", name):
            if column[6]:
                raise BackupError(f"it contains a generated column, “{name}.{column[1]}”, which Sailpass doesn't make")


def refuse_differences(connection: sqlite3.Connection, expected: sqlite3.Connection) -> None:
    """Refuse a file whose tables, columns or indexes differ from `expected`. Raises BackupError."""
    seen, ours = shape(connection), shape(expected)
    # Tables before the indexes on them.
    for name in sorted(seen.keys() - ours.keys(), reverse=True):
        raise BackupError(f"it contains {name}, which Sailpass doesn't make")
    for name in sorted(ours.keys() - seen.keys(), reverse=True):
        raise BackupError(f"it lacks {name}")
    for name in sorted(ours, reverse=True):
        if seen[name] != ours[name]:
            raise BackupError(f"{name} is not as Sailpass makes it")


def shape(connection: sqlite3.Connection) -> Shape:
    """Return every table and index with its parts, by kind and name."""
    parts: dict[str, Any] = {}
    for kind, name, table in connection.execute("SELECT type, name, tbl_name FROM main.sqlite_master").fetchall():
        if (kind, name) not in STATISTICS:
            parts[f"the {kind} “{name}”"] = (table, *_details(connection, kind, name))
    return parts


def _details(connection: sqlite3.Connection, kind: str, name: str) -> Iterator[Any]:
    if kind == "index":
        # Per column: rank, its position in the table, name, descending, collation, part of the key.
        yield [(row[0], *row[2:]) for row in _rows(connection, "index_xinfo", name)]
        return
    yield sorted(row[1:] for row in _rows(connection, "table_xinfo", name))
    yield sorted(row[2:] for row in _rows(connection, "foreign_key_list", name))
    yield sorted(row[1:] for row in _rows(connection, "index_list", name))


def _rows(connection: sqlite3.Connection, pragma: str, name: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * FROM pragma_{pragma}(?, 'main')", (name,)).fetchall()  # noqa: S608  (ours)
