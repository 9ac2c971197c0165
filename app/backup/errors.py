"""The error of backups and restores."""

from __future__ import annotations


class BackupError(Exception):
    """A backup or restore that can't be done; its text is for the person at the terminal."""
