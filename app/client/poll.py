"""Watches an operation until it ends. The operation runs on, watched or not."""

from __future__ import annotations

import time
from collections.abc import Iterator

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
    end = None if seconds is None else time.monotonic() + seconds
    yield operation
    while operation["outcome"] is None:
        left = LOOK if end is None else min(LOOK, end - time.monotonic())
        if left <= 0:
            return
        operation = _look(api, operation, left)
        yield operation


def _look(api: Api, operation: Json, seconds: float) -> Json:
    gone_at = None
    while True:
        try:
            return api.operation(operation["id"], seen=operation["version"], wait=round(seconds, 3))
        except NoAnswerError as error:
            gone_at = gone_at or time.monotonic()
            if time.monotonic() - gone_at > AWAY:
                raise Problem("client.stopped_answering", operation=operation["id"], why=str(error)) from error
            time.sleep(PAUSE)
