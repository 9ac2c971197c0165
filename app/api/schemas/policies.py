"""Schemas of a repository's policy, as seen for one service."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from app.api.schemas.answer import Answer, English
from app.api.schemas.previews import ShellCommands
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import RegistryRead
from app.console.access import AccessStatus
from app.console.policies import RepositoryPolicy
from app.policy.finding import Severity


class PolicyReader(Answer):
    """A principal that the policy lets pull, or denies it."""

    who: English
    value: str
    allowed: bool | None = Field(description="Null: it depends, as `how` says.")
    how: English


class PolicyFinding(Answer):
    """A finding about the policy."""

    severity: Severity
    message: English = Field(validation_alias="what")


class ByHandSteps(Answer):
    """The finished policy, and the commands that make the change."""

    policy: str = Field(validation_alias="policy_text")
    commands: list[ShellCommands]
    activates: bool = Field(description="The role has to be activated first; its ARN is a placeholder.")


class Policy(Answer):
    """A repository's policy as seen for the service."""

    repository: str
    uri: str
    text: str | None = Field(description="The policy, laid out; null: there is none, or it could not be read.")
    document: dict[str, Any] | None = Field(description="The same as JSON; null also where it is not JSON.")
    characters: int = Field(
        validation_alias="size", description="How many the policy takes when it is sent, without white space."
    )
    limit: int = Field(validation_alias="size_limit", description="How many characters ECR allows.")
    access: AccessStatus
    reason: English
    readers: list[PolicyReader] | None = Field(description="Null: unknown, as the policy was not read or is not valid.")
    findings: list[PolicyFinding]
    dead_principals: list[str] = Field(
        validation_alias="dead", description="Principals that no longer exist; a prune takes them out."
    )
    by_hand: ByHandSteps | None
    managed: English = Field(description="A warning that a tool manages the service; empty: no tag says so.")
    read_at: datetime | None = Field(description="When the repository policy was read; null: never.")
    registry: RegistryRead | None = Field(validation_alias="evidence")
    change_registry: list[ShellCommands] = Field(
        description="Where the registry policy decides: the commands that read it and write it back."
    )
    problem: ProblemBody | None = Field(description="What kept it from being read for this answer.")

    @classmethod
    def of(cls, policy: RepositoryPolicy, /, **others: Any) -> Self:
        return super().of(policy, document=document_of(policy.text), **others)


def document_of(text: str | None) -> dict[str, Any] | None:
    """Return the policy as JSON; None where it is none, or holds what no JSON library can carry."""
    try:
        document = json.loads(text or "null")
        json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
