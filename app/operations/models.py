"""The table of replicas: which are alive, by their last heartbeat, and whose work has yet to be taken over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, UtcDateTime


class Instance(Base):
    """A replica by its stable name. All times are the database's; others look only at whether `beat_at` changes."""

    __tablename__ = "instances"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[str] = mapped_column(String(32))
    """Random, new for each process: one whose token was replaced is no longer this instance."""
    place: Mapped[str] = mapped_column(String(255))
    """Host and process, for messages."""
    version: Mapped[str] = mapped_column(String(64))
    """The version of the operations that it can run."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """It stopped, and its work is free to take at once."""
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Another replica took over its work."""
