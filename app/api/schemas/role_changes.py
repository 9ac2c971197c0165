"""Schemas of changes of the image puller role: what deactivating it takes away, and what undoing that puts back."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field

from app.api.schemas.answer import Answer
from app.api.schemas.batches import BatchPreviewItem
from app.api.schemas.previews import lines_of
from app.console.batch_plans import BatchPlan, PlannedItem
from app.operations.state import Kind
from app.policy.diff import diff_texts


class RoleChangeItem(BatchPreviewItem):
    """What would become of one repository's policy."""

    before: str | None = Field(description="The policy as it was last read; null: there is none, or it isn't known.")
    after: str | None = Field(description="The policy then; null: there is none, or it isn't known.")
    diff: list[str] = Field(description="The lines that differ, each after `+ ` or `- `, and some around them.")

    @classmethod
    def of(cls, item: PlannedItem, /, **others: Any) -> Self:
        change = item.planned.change if item.planned else None
        return super().of(
            item,
            before=change.before if change else None,
            after=change.after if change else None,
            diff=lines_of(diff_texts(change.before, change.after)) if change and change.needed else [],
            **others,
        )


class RoleChangePreview(Answer):
    """What would change in repository policies, by the policies as they were last read; few are read again first."""

    kind: Kind = Field(
        validation_alias="action", description="`deactivate`, or `reactivate`: the undo of a deactivation."
    )
    activates: bool = Field(description="The role has to be activated first; its ARN in `after` is a placeholder.")
    repositories: list[RoleChangeItem]
    previewed: str = Field(
        validation_alias="fingerprint",
        description="Send it with the request, and it is done as shown here or not at all.",
    )

    @classmethod
    def of(cls, plan: BatchPlan, /, **others: Any) -> Self:
        return super().of(
            plan,
            activates=bool(plan.activates),
            repositories=[RoleChangeItem.of(item) for item in plan.items],
            **others,
        )
