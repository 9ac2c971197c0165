"""Schema of a service's access to a repository as code."""

from __future__ import annotations

from pydantic import BaseModel, Field

from app.api.schemas.repositories import english
from app.as_code.grant import Form
from app.console.as_code import CodeText
from app.messages import labels


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
