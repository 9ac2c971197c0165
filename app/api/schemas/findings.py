"""Findings about access, and how much they go by."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from app.api.schemas.answer import Answer, English
from app.api.schemas.batches import BatchPreview
from app.api.schemas.operations import Fingerprint
from app.api.schemas.problems import ProblemBody
from app.api.schemas.repositories import RegionName
from app.api.schemas.texts import TEXT
from app.api.strict import RequestBody
from app.console.findings import FindingRow, FindingsAnswer, Knowledge
from app.console.repair_all import RepairAllPlan
from app.findings.finding import Repair
from app.policy.finding import Severity


class DismissalDetail(Answer):
    """Who dismissed a finding, why, and until when."""

    reason: str
    dismissed_by: str = Field(validation_alias="person")
    dismissed_at: datetime = Field(validation_alias="at")
    until: datetime


class AccessFinding(Answer):
    """Something wrong or suspicious about access. Key on `code`; `what` and `todo` are for people."""

    id: str = Field(description="The same for as long as the matter lasts.")
    region: str
    repository: str = Field(description="Empty: it is about `service` alone.")
    service: str = Field(description="The container service that it is about; empty for none.")
    code: str
    severity: Severity
    what: English = Field(description="What is wrong, in one English sentence.")
    todo: English = Field(description="What to do about it, in English.")
    principal: str = Field(description="The principal that it is about; empty for none.")
    statement: int | None = Field(description="The statement's index in the repository policy, from 0.")
    since: datetime = Field(description="When it began, or was first seen.")
    repair: Repair | None = Field(
        description="The operation that repairs it: `repair` of `repair_service`'s access, or `prune`. Null: a person has to."
    )
    repair_service: str = Field(
        description="The service whose address takes the repair; empty for `prune`, which "
        "`POST /repositories/prune` takes, and without one."
    )
    lines: str = Field(description="Lines to add to the service's properties in its CloudFormation template; or empty.")
    dismissal: DismissalDetail | None

    @classmethod
    def of(cls, row: FindingRow, /, **others: Any) -> Self:
        return super().of(
            row.listed.finding,
            what=row.what,
            todo=row.todo,
            since=row.listed.since,
            repair=row.repair or None,
            repair_service=row.service,
            lines=row.lines,
            dismissal=row.listed.dismissal,
            **others,
        )


class FindingsCoverage(Answer):
    """How much the findings go by. Only where `whole` is true, no finding means that nothing was found."""

    whole: bool
    unread: int = Field(description="Repositories whose policy was never read.")
    outdated: int = Field(
        description="Repositories whose policy could not be read at the last try: what is known of it is older."
    )
    due: int = Field(description="Repositories that are being judged again.")
    never_read: bool = Field(description="A Region's services or repositories have not been listed yet.")
    unknown_images: int = Field(description="Deployed images of which nobody knows whether ECR has them.")
    problems: list[ProblemBody] = Field(description="What kept parts of the Regions from being read.")

    @classmethod
    def of(cls, knowledge: Knowledge, /, **others: Any) -> Self:
        """Return it; what is the same in several Regions once."""
        problems = [ProblemBody.of(failure.problem) for failure in knowledge.failures]
        different = {(each.message, str(each.iam_statement)): each for each in problems}
        return super().of(knowledge, problems=list(different.values()), **others)


class FindingList(Answer):
    """One page of findings, the worst first, then by repository."""

    findings: list[AccessFinding]
    counts: dict[str, int] = Field(description="How many are open, by severity.")
    dismissed: int
    coverage: FindingsCoverage
    next: str | None = Field(description="The `cursor` of the next page; null at the end.")

    @classmethod
    def of(cls, answer: FindingsAnswer, /, **others: Any) -> Self:
        return super().of(
            answer,
            findings=[AccessFinding.of(row) for row in answer.rows],
            counts={str(severity): answer.counts.by_severity.get(severity, 0) for severity in Severity},
            dismissed=answer.counts.dismissed,
            coverage=FindingsCoverage.of(answer.knowledge),
            next=answer.next.to_text() if answer.next else None,
            **others,
        )


class DismissRequest(RequestBody):
    """Why a finding is no problem, and for how long it isn't shown."""

    reason: str = Field(min_length=1, max_length=500, pattern=TEXT)
    days: int = Field(30, description="7, 30, 90 or 365.")


class RepairAllRequest(RequestBody):
    """Which findings are repaired: those of one Region, or all."""

    region: RegionName | None = Field(None, description="Left out: every configured Region.")
    previewed: Fingerprint | None = Field(
        None, description="From the preview: exactly what it showed is started, or nothing."
    )


class RepairAllPreview(BatchPreview):
    """What one batch would repair, and what it would not."""

    previewed: str = Field(description="Send it with the request, and what is shown here is started or nothing is.")
    left: list[AccessFinding] = Field(
        description="Open errors and warnings that the batch does not repair, the worst first; `todo` says what to do."
    )
    left_count: int = Field(description="How many there are; `left` has the first 200.")
    coverage: FindingsCoverage

    @classmethod
    def of_repair(cls, repair: RepairAllPlan) -> Self:
        """Return it from what the console planned."""
        return cls.of(
            repair.plan,
            previewed=repair.plan.fingerprint,
            left=[AccessFinding.of(row) for row in repair.left],
            left_count=repair.left_count,
            coverage=FindingsCoverage.of(repair.knowledge),
        )
