"""Replaces files so that a kill at any moment leaves either the old or the new ones.

The renames are first written to a note. The next process that opens the database finds the note and finishes the
renames before SQLite opens any of the files.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from app.files import NotPrivateError, create_private, open_own, sync_folder


class SwapError(Exception):
    """A swap that can't be finished; its text says which file is where."""


@dataclass(frozen=True)
class Swap:
    """The renames, all in one folder: `aside` are current and new names; `part` takes the file's name, if any."""

    aside: tuple[tuple[str, str], ...]
    part: str = ""


def note_path(file: Path) -> Path:
    """Return where the note of an unfinished swap is."""
    return file.with_name(file.name + ".restore")


def swap(file: Path, planned: Swap) -> None:
    """Carry out a swap. Call it under the file's setup lock. Raises SwapError."""
    if planned.part and not (file.parent / planned.part).exists():
        raise SwapError(f"There is no file {file.parent / planned.part} to put in the place of {file}.")
    try:
        _write(note_path(file), planned)
    except OSError as error:
        raise SwapError(f"Nothing was put in the place of {file}: {error.strerror}. Nothing was changed.") from error
    finish_swap(file)


def finish_swap(file: Path) -> None:
    """Finish an interrupted swap, if there is one. Call it under the file's setup lock. Raises SwapError."""
    note = note_path(file)
    try:
        planned = _read(note)
        if planned is not None:
            _rename(file, planned)
            note.unlink()
            sync_folder(file.parent)
    except NotPrivateError as error:
        raise SwapError(f"A restore into {file} was interrupted, but {error}, so it is not finished.") from error
    except OSError as error:
        raise SwapError(
            f"A restore into {file} was interrupted and can't be finished: {error.strerror}. Correct that in the "
            f"folder {file.parent} and start again; nothing is lost, and {note} says what is missing."
        ) from error


def _write(note: Path, planned: Swap) -> None:
    """Write the note atomically."""
    draft = note.with_name(note.name + "-draft")
    draft.unlink(missing_ok=True)
    descriptor = create_private(draft)
    try:
        os.write(descriptor, json.dumps(asdict(planned)).encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.rename(note)
    sync_folder(note.parent)


def _rename(file: Path, planned: Swap) -> None:
    folder = file.parent
    part = folder / planned.part if planned.part else None
    if part is not None and not part.exists():
        if file.exists() and all((folder / kept).exists() for name, kept in planned.aside if name == file.name):
            return  # only the note was left to remove
        raise SwapError(
            f"A restore into {file} was interrupted, and its file {part} is gone. Delete {note_path(file)} and restore "
            f"again; the files before it are kept as {', '.join(kept for _, kept in planned.aside)}."
        )
    for name, kept in planned.aside:
        if (folder / name).exists():
            _rename_to_new(folder / name, folder / kept)
    sync_folder(folder)
    if part is not None:
        _rename_to_new(part, file)
        sync_folder(folder)


def _rename_to_new(file: Path, new: Path) -> None:
    if new.exists():
        raise SwapError(f"A restore was interrupted: {file} should be renamed to {new}, which exists. Move one away.")
    file.rename(new)


def _read(note: Path) -> Swap | None:
    try:
        descriptor = open_own(note)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as content:
        written = content.read()
    try:
        value = json.loads(written)
        planned = Swap(tuple((str(name), str(kept)) for name, kept in value["aside"]), str(value["part"]))
    except (ValueError, KeyError, TypeError) as error:
        raise SwapError(
            f"A restore was interrupted, and its note {note} can't be read. Delete it and restore again."
        ) from error
    names = [planned.part, *(name for pair in planned.aside for name in pair)]
    if any("/" in name or name in (".", "..") for name in names):
        raise SwapError(
            f"A restore was interrupted, and its note {note} names files elsewhere. Delete it and restore again."
        )
    return planned
