"""The two kinds of errors of the sandbox: AWS's for its callers, and a sentence for the operator."""

from __future__ import annotations

from collections.abc import Mapping


class AwsError(Exception):
    """An AWS error: its code, its message, its HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400, members: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members or {}


class SandboxError(Exception):
    """The sandbox cannot start or cannot do what its control route received; one sentence says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
