"""The log: to standard error, as text or one JSON object per line. Holds no credential, policy or person's input."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

# Seconds in which the server says the same of clients' requests once: whoever reaches the port could fill the disk.
SAID_EVERY = 60.0


class JsonLines(logging.Formatter):
    """One JSON object per record."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class OncePerMinute(logging.Filter):
    """Lets each warning through once in `SAID_EVERY` seconds, and says then how many times it was left out; errors always.

    For a logger whose messages are few and fixed, and whose number its clients decide.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._said: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno != logging.WARNING:
            return True
        message, now = str(record.msg), self._monotonic()
        if now - self._said.get(message, -SAID_EVERY) < SAID_EVERY:
            self._left_out[message] = self._left_out.get(message, 0) + 1
            return False
        self._said[message] = now
        if left_out := self._left_out.pop(message, 0):
            record.msg = f"{message} ({left_out} more since this was last said)"
        return True


def set_up_logging(log_format: str) -> None:
    """Log warnings of all libraries, and our own messages from info on."""
    handler = logging.StreamHandler()
    plain = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonLines() if log_format == "json" else plain)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("app").setLevel(logging.INFO)
    of_clients = logging.getLogger("uvicorn.error")
    if not any(isinstance(each, OncePerMinute) for each in of_clients.filters):
        of_clients.addFilter(OncePerMinute())
