"""The one exception for every refusal and failure, `Problem`, identified by a permanent code.

A problem carries data, no prose: its sentences (one for the cause, one for what to do) are in
`app/messages/problems.py`, so that the browser can show them in the reader's language and programs can
key on the code. It is stored with the operation it ended, so it is convertible to JSON and back.
Imports nothing of ours (tests/test_architecture.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Detail: TypeAlias = tuple[str, Mapping[str, str | int]]


class Problem(Exception):  # noqa: N818  (a problem for a person; "error" is AWS's word for its own)
    """Something a person must know about, with what to do next.

    Args:
        code: stable dotted name, such as `policy.too_long`; a key of `messages.problems.WORDS`.
        retryable: the same call may succeed later without anyone changing anything.
        effect_unknown: the call may have been carried out, or may be later: AWS gave no answer that rules it out.
        aws_code: AWS's own error code, where AWS said no.
        aws_message: AWS's own message, shown as a detail, never as the sentence.
        request_id: AWS's request id, to quote to AWS's support.
        details: what explains it further, each a code of `policy.words.WORDS` with its params.
        params: values that the sentences name. Text and numbers only.
    """

    def __init__(
        self,
        code: str,
        *,
        retryable: bool = False,
        effect_unknown: bool = False,
        aws_code: str = "",
        aws_message: str = "",
        request_id: str = "",
        details: Sequence[Detail] = (),
        **params: str | int,
    ) -> None:
        super().__init__(code, params)
        self.code = code
        self.retryable = retryable
        self.effect_unknown = effect_unknown
        self.aws_code = aws_code
        self.aws_message = aws_message
        self.request_id = request_id
        self.details = tuple(details)
        self.params: dict[str, str | int] = params

    def to_json(self) -> dict[str, Any]:
        """Return all of the problem as plain JSON values; `from_json` is the inverse."""
        return {
            "code": self.code,
            "retryable": self.retryable,
            "effect_unknown": self.effect_unknown,
            "aws_code": self.aws_code,
            "aws_message": self.aws_message,
            "request_id": self.request_id,
            "details": [[code, dict(params)] for code, params in self.details],
            "params": dict(self.params),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Problem:
        """Return the problem that `to_json` wrote."""
        return cls(
            data["code"],
            retryable=data["retryable"],
            effect_unknown=data.get("effect_unknown", False),
            aws_code=data["aws_code"],
            aws_message=data["aws_message"],
            request_id=data["request_id"],
            details=tuple((code, params) for code, params in data.get("details", ())),
            **data["params"],
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem.from_json, (self.to_json(),)  # pickle's own way knows no keywords

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        aws = f" [{self.aws_code}: {self.aws_message}]" if self.aws_code else ""
        return f"{self.code}({details}){aws}"
