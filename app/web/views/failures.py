"""Readings that failed alike, as one message: five Regions without credentials are one cause. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.console.freshness import PartFailure
from app.console.iam_hint import iam_statement
from app.errors import Problem
from app.messages import labels
from app.wording import Message


@dataclass(frozen=True)
class FailureGroup:
    """Failures with one cause and one remedy, in the order given; never empty."""

    failures: tuple[PartFailure, ...]

    @property
    def problem(self) -> Problem:
        """The first failure's problem, which stands for all."""
        return self.failures[0].problem

    @property
    def parts(self) -> str:
        """The names of what could not be read."""
        return _names(self.failures)

    @property
    def is_one_sentence(self) -> bool:
        """Whether every failure is told by the same sentence; else each names its own address or resource."""
        return len({labels.what(failure.problem) for failure in self.failures}) == 1

    @property
    def read_at(self) -> datetime | None:
        """When the oldest of the data still shown was read; None if there is none of any part."""
        return min((failure.read_at for failure in self.failures if failure.read_at), default=None)

    @property
    def unknown(self) -> str:
        """The names of the parts of which nothing is known."""
        return _names(failure for failure in self.failures if failure.read_at is None)

    def statements(self, account: str) -> tuple[str, ...]:
        """Return the IAM statements that would allow what AWS denied: one for each action, of all its Regions."""
        regions: dict[str, list[str]] = {}
        for failure in self.failures:
            params = failure.problem.params
            regions.setdefault(str(params.get("action", "")), []).append(str(params.get("region", "*")))
        of_action = {str(failure.problem.params.get("action", "")): failure.problem for failure in self.failures}
        statements = (iam_statement(problem, account, tuple(regions[action])) for action, problem in of_action.items())
        return tuple(statement for statement in statements if statement)


def group_failures(failures: Iterable[PartFailure]) -> tuple[FailureGroup, ...]:
    """Return the failures in groups of one error and one remedy, in the order in which they first occur."""
    groups: dict[tuple[str, str, str], list[PartFailure]] = {}
    for failure in failures:
        problem = failure.problem
        groups.setdefault((problem.code, problem.aws_code, labels.todo(problem)), []).append(failure)
    return tuple(FailureGroup(tuple(group)) for group in groups.values())


def _names(failures: Iterable[PartFailure]) -> str:
    """Return the names of parts; where they differ by their Region alone, one name with all Regions."""
    regions: dict[str, list[str]] = {}
    for failure in failures:
        part = Message("%(region)s", {"region": failure.part}) if isinstance(failure.part, str) else failure.part
        regions.setdefault(part.text, []).append(str(part.params["region"]))
    return ", ".join(labels.say(Message(text, {"region": ", ".join(named)})) for text, named in regions.items())
