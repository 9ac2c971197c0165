"""The one schema of every refusal."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from app.errors import Problem
from app.http.problems import as_json


class Invalid(BaseModel):
    """One invalid part of a request."""

    where: list[str | int] = Field(description="The path to the value: where it was sent, then names and indices.")
    message: str


class ProblemBody(BaseModel):
    """Why something was refused or failed. Key on `code`; `message` and `what_to_do` are for people."""

    code: str = Field(description="A stable dotted name.", examples=["repository.not_found"])
    message: str = Field(description="What happened, in one English sentence.")
    what_to_do: str = Field(description="What to do about it, in one English sentence.")
    retryable: bool = Field(description="The same request may succeed later without anyone changing anything.")
    aws_code: str = Field(description="AWS's own error code, where AWS refused; else empty.")
    aws_message: str = Field(description="AWS's own message; else empty.")
    request_id: str = Field(description="AWS's request id, to quote to AWS's support; else empty.")
    params: dict[str, str | int] = Field(description="The values that the sentences name.")
    iam_statement: dict[str, Any] | None = Field(description="Where IAM refused: the statement that would allow it.")
    reasons: list[str] = Field([], description="What explains it further, an English sentence each.")
    nearest: Annotated[list[str], Field(description="Names like the one that is not there, the likest first.")] = []
    detail: Annotated[list[Invalid], Field(description="With `request.invalid`: each thing that is wrong.")] = []

    @model_validator(mode="before")
    @classmethod
    def _as_json(cls, data: Any) -> Any:
        return as_json(data) if isinstance(data, Problem) else data

    @classmethod
    def of(cls, problem: Problem) -> ProblemBody:
        """Return the problem in the API's form."""
        return cls.model_validate(problem)
