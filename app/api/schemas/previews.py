"""Schemas of previews: what would change, before it is requested."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from app.api.schemas.answer import Answer, English
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import Principal, RegionName, RegistryRead, RepositoryName
from app.api.strict import RequestBody
from app.console.access import AccessStatus
from app.console.managed import managed_warning
from app.console.previews import Preview as PlannedPreview
from app.console.shell_commands import Commands
from app.messages import labels
from app.policy.diff import Diff, LineKind


class PreviewRequest(RequestBody):
    """The operation to preview."""

    kind: Literal["grant", "repair", "revoke", "prune"]
    repository: RepositoryName
    principals: list[Principal] = Field(
        default_factory=list, max_length=100, description="For `prune`; empty: all that no longer exist."
    )


class PrunePreviewRequest(RequestBody):
    """A repository's policy that names principals that no longer exist."""

    region: RegionName
    repository: RepositoryName
    principals: list[Principal] = Field(
        default_factory=list, max_length=100, description="Empty: all that certainly no longer exist."
    )


class UndoPreviewRequest(RequestBody):
    """The undo or restore of an operation to preview."""

    kind: Literal["undo", "restore"]


class AwsCall(Answer):
    """One AWS call that will be made."""

    action: str
    on: str


class ShellCommands(Answer):
    """The commands that do the same by hand on one system."""

    system: str
    text: str

    @model_validator(mode="before")
    @classmethod
    def _written_out(cls, data: Any) -> Any:
        return {"system": data.system, "text": labels.shell_text(data)} if isinstance(data, Commands) else data


class Preview(Answer):
    """What would change in the current policy in AWS."""

    kind: str
    region: str
    service: str = Field(description="Empty for an operation of the repository alone.")
    repository: str
    needed: bool = Field(description="False: nothing would be written.")
    activates: bool = Field(description="The role has to be activated first; its ARN in `after` is a placeholder.")
    before: str | None = Field(description="The policy now; null: there is none.")
    after: str | None = Field(description="The policy then; null: there is none.")
    diff: list[str] = Field(description="The lines that differ, each after `+ ` or `- `, and some around them.")
    calls: list[AwsCall]
    commands: list[ShellCommands]
    previewed: str = Field(description="Send it with the request, and it is done as shown here or not at all.")
    refused: ProblemBody | None = Field(
        description="Why nothing will be written: an explicit Deny keeps the role from pulling, or ECR will refuse the policy "
        "because it names principals that no longer exist. Null: nothing is known."
    )
    access: AccessStatus | None = Field(
        description="What the role has afterwards, by both policies; null for a pruning, and where ECR will refuse the policy."
    )
    reason: str = Field(description="Why, in one English sentence.")
    registry: RegistryRead | None = Field(validation_alias="evidence")
    managed: English = Field(description="A warning that a tool manages the service; empty: no tag says so.")
    principals: list[str] = Field(description="Of a pruning: the principals that it removes.")
    doubtful: list[str] = Field(
        description="Of a pruning: principals that may be named in it too, because ECR refused the policy for one of them."
    )

    @classmethod
    def of(cls, preview: PlannedPreview, /, **others: Any) -> Self:
        planned, change, service = preview.planned, preview.planned.change, preview.service
        verdict = planned.afterwards
        return super().of(
            preview,
            region=service.region,
            service=service.name,
            needed=change.needed,
            activates=planned.activates,
            before=change.before,
            after=change.after,
            diff=lines_of(preview.diff),
            calls=planned.calls,
            previewed=planned.seen,
            refused=planned.refused,
            access=AccessStatus(verdict.access) if verdict else None,
            reason=verdict.sentence if verdict else "",
            managed=managed_warning(service.tags, (change.before,)),
            principals=planned.pruned,
            doubtful=planned.prunable.refused,
            **others,
        )


SIGNS = {LineKind.ADDED: "+ ", LineKind.REMOVED: "- ", LineKind.SAME: "  "}


def lines_of(diff: Diff | None) -> list[str]:
    """Return the diff as plain lines; omitted parts show as one line of dots."""
    lines: list[str] = []
    for block in diff.blocks if diff else ():
        if block.hidden:
            lines.append("  …")
        else:
            lines += [SIGNS[line.kind] + line.text for line in block.lines]
    return lines
