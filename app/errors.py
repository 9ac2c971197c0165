"""Every way in which Sailpass says no: one exception, `Problem`, known by a stable code.

A problem carries data, never prose: its sentences (one of cause, one of what to do) stand once in
`app/problem_words.py`, so that the browser can say them in the reader's language and programs can
key on the code. It is stored with the operation it ended, so it goes to JSON and back.
Must never import anything of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Problem(Exception):  # noqa: N818  (a problem told to a person; "error" is AWS's word for its own)
    """Something a person must know about, with what to do next.

    Args:
        code: stable dotted name, such as `policy.too_long`; a key of `problem_words.WORDS`.
        retryable: the same call may succeed later without anyone changing anything.
        aws_code: AWS's own error code, where AWS said no.
        aws_message: AWS's own message, shown as a detail, never as the sentence.
        request_id: AWS's request id, to quote to AWS's support.
        params: values that the sentences name. Text and numbers only.

    `effect_unknown`: a request was sent to AWS, and nothing proves that AWS refused it, so that a write may have been
    done.
    """

    def __init__(
        self,
        code: str,
        *,
        retryable: bool = False,
        aws_code: str = "",
        aws_message: str = "",
        request_id: str = "",
        **params: str | int,
    ) -> None:
        super().__init__(code, params)
        self.code = code
        self.retryable = retryable
        self.aws_code = aws_code
        self.aws_message = aws_message
        self.request_id = request_id
        self.effect_unknown = False
        self.params: dict[str, str | int] = params

    def to_json(self) -> dict[str, Any]:
        """All of the problem as plain JSON values; `from_json` is its inverse."""
        return {
            "code": self.code,
            "retryable": self.retryable,
            "aws_code": self.aws_code,
            "aws_message": self.aws_message,
            "request_id": self.request_id,
            "effect_unknown": self.effect_unknown,
            "params": dict(self.params),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Problem:
        """The problem that `to_json` wrote."""
        problem = cls(
            data["code"],
            retryable=data["retryable"],
            aws_code=data["aws_code"],
            aws_message=data["aws_message"],
            request_id=data["request_id"],
            **data["params"],
        )
        problem.effect_unknown = data.get("effect_unknown", False)
        return problem

    def __str__(self) -> str:
        details = ", ".join(f"{name}={value}" for name, value in self.params.items())
        aws = f" [{self.aws_code}: {self.aws_message}]" if self.aws_code else ""
        return f"{self.code}({details}){aws}"
