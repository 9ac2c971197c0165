"""The results of checks: one line each, and the causes found. Plain values; sentences are in `causes` and `words`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Params: TypeAlias = Mapping[str, str | int]


class Check(StrEnum):
    """The checks, in the order in which AWS fails."""

    SERVICE = "service"
    URI = "uri"
    ROLE = "role"
    REPOSITORY = "repository"
    POLICY = "policy"
    REGISTRY = "registry"
    ORGANIZATION = "organization"
    IMAGE = "image"
    PLATFORM = "platform"
    SIZE = "size"
    CONTAINER = "container"


ORDER = tuple(Check)


class Status(StrEnum):
    """How a check came out."""

    FINE = "fine"
    CAUSE = "cause"
    NOT_REACHED = "not_reached"
    NOT_CHECKED = "not_checked"


class Certainty(StrEnum):
    """How certain a cause is: proven by what was read, or the likeliest explanation."""

    CERTAIN = "certain"
    LIKELY = "likely"


@dataclass(frozen=True)
class Sentence:
    """A sentence by its code (a key of `words.WORDS`, or of `app.policy.messages.WORDS`), and its params."""

    code: str
    params: Params = field(default_factory=dict)


@dataclass(frozen=True)
class Found:
    """A cause that was found: `code` is a key of `causes.CAUSES`, `params` fill its sentences.

    `yields`: it is listed last, since a lasting cause explains more (a service that is busy just now), or the image was
    pulled all the same.
    """

    code: str
    params: Params = field(default_factory=dict)
    evidence: tuple[Sentence, ...] = ()
    certainty: Certainty = Certainty.CERTAIN
    yields: bool = False


@dataclass(frozen=True)
class CheckResult:
    """One check's line. `permission` is the missing IAM action, if that kept it from being checked."""

    status: Status
    said: Sentence
    causes: tuple[Found, ...] = ()
    permission: str = ""


def fine(code: str, **params: str | int) -> CheckResult:
    """Return the outcome of a check that found nothing wrong."""
    return CheckResult(Status.FINE, Sentence(f"fine.{code}", params))


def caused(*causes: Found) -> CheckResult:
    """Return the outcome of a check that found these causes, the first one first."""
    return CheckResult(Status.CAUSE, Sentence("line.cause"), causes)


def not_reached(code: str = "earlier", **params: str | int) -> CheckResult:
    """Return the outcome of a check that has nothing to check."""
    return CheckResult(Status.NOT_REACHED, Sentence(f"not_reached.{code}", params))
