"""Finds this machine's server of our own database. Imports no database library, so that commands start fast."""

from __future__ import annotations

from app.lock_file import current_holder, lock_path
from app.settings import Settings


def served_address(settings: Settings) -> str:
    """Return the address of the server that holds our SQLite file; "" if there is none that can be trusted."""
    file = settings.history_file
    holder = current_holder(lock_path(file)) if file is not None else None
    return holder.address if holder is not None else ""
