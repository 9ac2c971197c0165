"""What goes wrong in the operations of a bench, for the tests of what they tell."""

from __future__ import annotations

from app.errors import Problem
from tests.build import REGION


def lost(action: str) -> Problem:
    """AWS gives no answer, and may have carried it out."""
    return Problem("aws.slow", retryable=True, effect_unknown=True, action=action, region=REGION)


def throttled(action: str) -> Problem:
    return Problem("aws.throttled", retryable=True, aws_code="ThrottlingException", action=action, region=REGION)


def late(aws, action: str, do) -> None:
    """Let it happen just before the second call of an action."""
    aws.meanwhile(action, lambda: None)
    aws.meanwhile(action, do)
