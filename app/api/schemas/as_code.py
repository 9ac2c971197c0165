"""Schema of a service's access to a repository as code."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from app.api.schemas.batches import one_of_the_two
from app.api.schemas.repositories import RepositoryName, english
from app.api.schemas.texts import TEXT
from app.api.strict import RequestBody
from app.as_code.grant import Form
from app.console.as_code import CodeText
from app.console.many_as_code import ManyAsCode
from app.messages import labels
from app.messages.problems import what_happened
from app.operations.batches import MOST


class AccessAsCode(BaseModel):
    """The access of a service to a repository in one language."""

    form: Form
    file_name: str
    text: str
    notes: list[str] = Field(description="What to know before the text is used.")
    managed: str = Field(description="A warning that a tool manages the service; empty: no tag says so.")

    @classmethod
    def of(cls, code: CodeText) -> AccessAsCode:
        return cls(
            form=code.form,
            file_name=code.file_name,
            text=labels.code_text(code),
            notes=[labels.say(note) for note in code.notes],
            managed=english(code.managed),
        )


class RepositoryLeftOut(BaseModel):
    """A repository that isn't in the text."""

    repository: str
    code: str = Field(description="Why; empty: its policy hasn't been read yet.")
    message: str


class ManyAsCodeAnswer(AccessAsCode):
    """The access of a service to many repositories in one language."""

    repositories: list[str]
    left_out: list[RepositoryLeftOut]

    @classmethod
    def of_many(cls, many: ManyAsCode) -> ManyAsCodeAnswer:
        single = AccessAsCode.of(many.code)
        return cls(
            **single.model_dump(),
            repositories=list(many.repositories),
            left_out=[
                RepositoryLeftOut(
                    repository=each.repository,
                    code=each.problem.code if each.problem else "",
                    message=what_happened(each.problem) if each.problem else "",
                )
                for each in many.left_out
            ],
        )


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
