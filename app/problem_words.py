"""The sentences of every problem, in one table: what happened, and what to do next.

A code that is raised anywhere and missing here fails a test; so does one without a Japanese translation.
Must never decide anything.
"""

from __future__ import annotations

from typing import NamedTuple

from app.errors import Problem
from app.wording import N_, fill


class Words(NamedTuple):
    """Two templates: the cause in one sentence, and what to do in one sentence."""

    what: str
    todo: str


WORDS: dict[str, Words] = {
    "internal": Words(
        N_("Something went wrong inside Sailpass."),
        N_("Try again; if it happens again, look at the server's log for the reference %(reference)s."),
    ),
}


def what_happened(problem: Problem) -> str:
    """The English sentence of cause, for terminals, logs and programs."""
    return fill(WORDS[problem.code].what, problem.params)


def what_to_do(problem: Problem) -> str:
    """The English sentence of what to do next."""
    return fill(WORDS[problem.code].todo, problem.params)
