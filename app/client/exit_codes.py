"""What a command's exit status says, for scripts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

from app.client.api import RequestRefused
from app.errors import Problem

OUT_OF_SCOPE = "auth.out_of_scope"


class Exit(IntEnum):
    """The statuses; they stay as they are."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    CANCELLED = 3
    STILL_RUNNING = 4
    NO_SERVER = 5
    INTERRUPTED = 6
    UNDETERMINED = 7


_OUTCOMES = {
    None: Exit.STILL_RUNNING,
    "succeeded": Exit.DONE,
    "nothing_to_do": Exit.DONE,
    "failed": Exit.FAILED,
    "cancelled": Exit.CANCELLED,
    "interrupted": Exit.INTERRUPTED,
    "seen": Exit.DONE,
}


def of_operation(operation: Mapping[str, Any]) -> Exit:
    """By how it stands."""
    return _OUTCOMES[operation["outcome"]]


def of_refusal(refused: RequestRefused) -> Exit:
    """By what the API said: what was asked for cannot be, or it could not be done."""
    if refused.status == 401 or refused.code == OUT_OF_SCOPE:
        return Exit.NO_SERVER
    return Exit.WRONG_USAGE if refused.status in (404, 409, 422) else Exit.FAILED


def of_problem(problem: Problem) -> Exit:
    """By what kept the command from being carried out."""
    families = {"client": Exit.NO_SERVER, "storage": Exit.FAILED, "aws": Exit.FAILED, "host": Exit.FAILED}
    return families.get(problem.code.partition(".")[0], Exit.WRONG_USAGE)
