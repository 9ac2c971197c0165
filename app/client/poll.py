"""Watches an operation until it ends. The operation runs on, watched or not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from app.client.api import Api, Json, NoAnswerError
from app.errors import Problem

# The longest duration of one poll in seconds, and how long a server may be away, as during a restart.
LOOK = 1.0
AWAY = 60.0
PAUSE = 0.5


def watch(api: Api, operation: Json, seconds: float | None = None) -> Iterator[Json]:
    """Yield the operation at least once a second, until it ends or `seconds` have passed.

    Raises:
        Problem: `client.stopped_answering`, when the server has been away for a minute.
    """

    def look(newest: Json, wait: float) -> Json:
        return api.operation(newest["id"], seen=newest["version"], wait=wait)

    return _watch(operation, look, "outcome", seconds)


def watch_batch(api: Api, batch: Json, seconds: float | None = None) -> Iterator[Json]:
    """As `watch`, of a batch."""

    def look(newest: Json, wait: float) -> Json:
        return api.batch(newest["id"], seen=newest["version"], wait=wait, limit=1)

    return _watch(batch, look, "ended_at", seconds)


Look = Callable[[Json, float], Json]


def _watch(newest: Json, look: Look, ended: str, seconds: float | None) -> Iterator[Json]:
    end = None if seconds is None else time.monotonic() + seconds
    yield newest
    while newest[ended] is None:
        left = LOOK if end is None else min(LOOK, end - time.monotonic())
        if left <= 0:
            return
        newest = _patiently(newest, look, left)
        yield newest


def _patiently(newest: Json, look: Look, seconds: float) -> Json:
    gone_at = None
    while True:
        try:
            return look(newest, round(seconds, 3))
        except NoAnswerError as error:
            gone_at = gone_at or time.monotonic()
            if time.monotonic() - gone_at > AWAY:
                raise Problem("client.stopped_answering", operation=newest["id"], why=str(error)) from error
            time.sleep(PAUSE)
