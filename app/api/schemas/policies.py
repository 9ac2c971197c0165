"""Schemas of a repository's policy, as seen for one service."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from app.api.schemas.previews import ShellCommands
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import RegistryRead, english
from app.console.access import AccessStatus
from app.console.policies import ByHand, PrincipalVerdict, RepositoryPolicy, Weight
from app.messages import labels


class PolicyReader(BaseModel):
    """A principal that the policy lets pull, or denies it."""

    who: str
    value: str
    allowed: bool | None = Field(description="Null: it depends, as `how` says.")
    how: str

    @classmethod
    def of(cls, principal: PrincipalVerdict) -> PolicyReader:
        return cls(
            who=labels.say(principal.who),
            value=principal.value,
            allowed=principal.allowed,
            how=labels.say(principal.how),
        )


class PolicyFinding(BaseModel):
    """A finding about the policy."""

    severity: Weight
    message: str


class ByHandSteps(BaseModel):
    """The finished policy, and the commands that make the change."""

    policy: str
    commands: list[ShellCommands]
    activates: bool = Field(description="The role has to be activated first; its ARN is a placeholder.")

    @classmethod
    def of(cls, hand: ByHand) -> ByHandSteps:
        commands = [ShellCommands.of(command) for command in hand.commands]
        return cls(policy=hand.policy_text, commands=commands, activates=hand.activates)


class Policy(BaseModel):
    """A repository's policy as seen for the service."""

    repository: str
    uri: str
    text: str | None = Field(description="The policy, laid out; null: there is none, or it could not be read.")
    document: dict[str, Any] | None = Field(description="The same as JSON; null also where it is not JSON.")
    characters: int = Field(description="How many the policy takes when it is sent, without white space.")
    limit: int = Field(description="How many characters ECR allows.")
    access: AccessStatus
    reason: str
    readers: list[PolicyReader] | None = Field(description="Null: unknown, as the policy was not read or is not valid.")
    findings: list[PolicyFinding]
    dead_principals: list[str] = Field(description="Principals that no longer exist; a prune takes them out.")
    by_hand: ByHandSteps | None
    managed: str = Field(description="A warning that a tool manages the service; empty: no tag says so.")
    read_at: datetime | None = Field(description="When the repository policy was read; null: never.")
    registry: RegistryRead | None
    change_registry: list[ShellCommands] = Field(
        description="Where the registry policy decides: the commands that read it and write it back."
    )
    problem: ProblemBody | None = Field(description="What kept it from being read for this answer.")

    @classmethod
    def of(cls, policy: RepositoryPolicy) -> Policy:
        return cls(
            repository=policy.repository,
            uri=policy.uri,
            text=policy.text,
            document=document_of(policy.text),
            characters=policy.size,
            limit=policy.size_limit,
            access=policy.access,
            reason=english(policy.reason),
            readers=None if policy.readers is None else [PolicyReader.of(reader) for reader in policy.readers],
            findings=[
                PolicyFinding(severity=finding.weight, message=labels.say(finding.what)) for finding in policy.findings
            ],
            dead_principals=list(policy.dead),
            by_hand=ByHandSteps.of(policy.by_hand) if policy.by_hand else None,
            managed=english(policy.managed),
            read_at=policy.read_at,
            registry=RegistryRead.maybe(policy.evidence),
            change_registry=[ShellCommands.of(each) for each in policy.change_registry],
            problem=ProblemBody.maybe(policy.problem),
        )


def document_of(text: str | None) -> dict[str, Any] | None:
    """Return the policy as JSON; None where it is none, or holds what no JSON library can carry."""
    try:
        document = json.loads(text or "null")
        json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
