"""What responses are made of: the fields of the console's answers, taken over by name."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict

from app.messages import labels
from app.wording import Message


class Answer(BaseModel):
    """A response or a part of one. Where the source calls a field by another name, that is its `validation_alias`."""

    model_config = ConfigDict(from_attributes=True, populate_by_name=True)

    @classmethod
    def of(cls, source: Any, /, **others: Any) -> Self:
        """Return it with the attributes of `source`, and with `others`, which it has not or has otherwise."""
        fields = {name: field for name, field in cls.model_fields.items() if name not in others}
        own = {name: getattr(source, str(field.validation_alias or name)) for name, field in fields.items()}
        return cls.model_validate({**own, **others})


def english(said: Message | str | None) -> str:
    """Return the sentence in English, "" for none."""
    return labels.say(said) if said else ""


English = Annotated[str, BeforeValidator(english)]
