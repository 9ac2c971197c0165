"""Watches an operation until it ends. Must never touch it: it goes on whether anybody watches or not."""

from __future__ import annotations

import time
from collections.abc import Iterator

from app.client.api import Api, Json, NoAnswerError
from app.errors import Problem

# Seconds that one look lasts at most, and that a server may be away, as when it is restarted.
LOOK = 1.0
AWAY = 60.0
PAUSE = 0.5


def watch(api: Api, operation: Json, seconds: float | None = None) -> Iterator[Json]:
    """The operation as it stands, again and again, at least once a second; ends with it or after `seconds`.

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
