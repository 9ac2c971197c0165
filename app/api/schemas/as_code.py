"""Schema of a service's access to a repository as code."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from app.api.schemas.answer import Answer, English
from app.api.schemas.batches import one_of_the_two
from app.api.schemas.repositories import RepositoryName
from app.api.schemas.texts import TEXT
from app.api.strict import RequestBody
from app.as_code.grant import Form
from app.console.as_code import CodeText
from app.console.many_as_code import LeftOut
from app.messages import labels
from app.messages.problems import what_happened
from app.operations.batches import MOST


class AccessAsCode(Answer):
    """The access of a service to a repository in one language."""

    form: Form
    file_name: str
    text: str
    notes: list[English] = Field(description="What to know before the text is used.")
    managed: English = Field(description="A warning that a tool manages the service; empty: no tag says so.")

    @classmethod
    def of(cls, code: CodeText, /, **others: Any) -> Self:
        return super().of(code, text=labels.code_text(code), **others)


class RepositoryLeftOut(Answer):
    """A repository that isn't in the text."""

    repository: str
    code: str = Field(description="Why; empty: its policy hasn't been read yet.")
    message: str

    @classmethod
    def of(cls, left_out: LeftOut, /, **others: Any) -> Self:
        problem = left_out.problem
        code, message = (problem.code, what_happened(problem)) if problem else ("", "")
        return super().of(left_out, code=code, message=message, **others)


class ManyAsCodeAnswer(AccessAsCode):
    """The access of a service to many repositories in one language."""

    repositories: list[str]
    left_out: list[RepositoryLeftOut]


class AsCodeRequest(RequestBody):
    """The repositories to write as code. Give `repositories` or `match`, not both."""

    form: Literal["aws", "terraform", "cloudformation"]
    repositories: list[RepositoryName] | None = Field(
        None, min_length=1, max_length=MOST, description="Names, URIs or ARNs."
    )
    match: Annotated[
        str | None,
        Field(min_length=1, max_length=256, pattern=TEXT, description="A pattern for whole names, as `team/*`."),
    ] = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_the_two(cls, data: Any) -> Any:
        return one_of_the_two(data)
