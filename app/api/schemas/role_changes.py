"""Schemas of changes of the image puller role: what deactivating it takes away, and what undoing that puts back."""

from __future__ import annotations

from pydantic import BaseModel, Field

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
    def read(cls, item: PlannedItem) -> RoleChangeItem:
        """Return it from a planned item."""
        change = item.planned.change if item.planned else None
        return cls(
            **dict(BatchPreviewItem.of(item)),
            before=change.before if change else None,
            after=change.after if change else None,
            diff=lines_of(diff_texts(change.before, change.after)) if change and change.needed else [],
        )


class RoleChangePreview(BaseModel):
    """What would change in repository policies, by the policies as they were last read; few are read again first."""

    kind: Kind = Field(description="`deactivate`, or `reactivate`: the undo of a deactivation.")
    activates: bool = Field(description="The role has to be activated first; its ARN in `after` is a placeholder.")
    repositories: list[RoleChangeItem]
    previewed: str = Field(description="Send it with the request, and it is done as shown here or not at all.")

    @classmethod
    def of(cls, plan: BatchPlan) -> RoleChangePreview:
        return cls(
            kind=plan.action,
            activates=bool(plan.activates),
            repositories=[RoleChangeItem.read(item) for item in plan.items],
            previewed=plan.fingerprint,
        )
