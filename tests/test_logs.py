"""What clients decide the number of doesn't fill the log."""

from __future__ import annotations

import logging

import pytest

from app.logs import OncePerMinute

MALFORMED = "Invalid HTTP request received."


@pytest.fixture
def time():
    return [1000.0]


@pytest.fixture
def log(time):
    logger, seldom, handler = logging.getLogger("clients"), OncePerMinute(lambda: time[0]), logging.Handler()
    logger.said = []
    handler.emit = lambda record: logger.said.append(record.getMessage())
    logger.addFilter(seldom)
    logger.addHandler(handler)
    yield logger
    logger.removeFilter(seldom)
    logger.removeHandler(handler)


def test_the_same_warning_is_said_once_a_minute_and_the_rest_are_counted(log, time):
    for _ in range(500):
        log.warning(MALFORMED)
    time[0] += 60
    log.warning(MALFORMED)
    time[0] += 1
    log.warning(MALFORMED)
    assert log.said == [MALFORMED, f"{MALFORMED} (499 more since this was last said)"]


def test_another_warning_and_every_error_are_said_at_once(log):
    for _ in range(2):
        log.warning(MALFORMED)
        log.warning("Unsupported upgrade request.")
        log.error("it broke")
    assert log.said == [MALFORMED, "Unsupported upgrade request.", "it broke", "it broke"]
