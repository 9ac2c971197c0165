"""Records refused requests, bounded: anyone can cause refusals, and must not be able to fill the database.

Refusals of the same kind from the same address within an hour share one row with a count. It is written at the first,
second, fourth, eighth … of them, so its count is a lower bound. When an hour has brought too many rows, the rest of it
is counted without addresses. Each replica counts on its own.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

from app.auth import events
from app.auth.events import Actor, EventKind
from app.auth.rules import Source
from app.clock import Clock
from app.db import Database

WINDOW = 3600.0
ROWS = 60
"""How many rows with an address are written per hour."""


@dataclass
class _Row:
    id: int
    count: int = 1


class Refusals:
    """The refusals of the current hour of one replica."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._rows: dict[tuple[EventKind, Actor], _Row] = {}
        self._began = clock.monotonic()
        self._lock = threading.Lock()

    def note(self, kind: EventKind, actor: Actor, subject: str = "") -> None:
        """Record one refusal. Blocks on the database if a row is written.

        The browser and the subject are those of the first request: an attacker may send others each time.
        """
        with self._lock:
            if self._clock.monotonic() - self._began >= WINDOW:
                self._began = self._clock.monotonic()
                self._rows.clear()
            key = _key(kind, actor)
            if key not in self._rows and len(self._rows) >= ROWS:
                actor, subject = Actor("", actor.via), ""
                key = _key(kind, actor)
            row = self._rows.get(key)
            if row is None:
                self._rows[key] = _Row(self._add(kind, actor, subject))
                return
            row.count += 1
            if row.count & (row.count - 1) == 0:  # a power of two
                events.count_on(self._db, row.id, row.count, self._clock.now())

    def _add(self, kind: EventKind, actor: Actor, subject: str) -> int:
        with self._db.write() as session:
            return events.add(session, kind, actor, self._clock.now(), subject=subject)


def _key(kind: EventKind, actor: Actor) -> tuple[EventKind, Actor]:
    return kind, Actor(actor.person, actor.via, Source(actor.source.address))
