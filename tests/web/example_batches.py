"""Pages of batches: choosing, the preview, a batch at work and after each kind of end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from app.as_code.grant import Form, PolicyCode, cloudformation, terraform
from app.as_code.managed import TOOL
from app.console.as_code import CodeText, grant_code
from app.console.batch_plans import BatchPlan, ItemState, PlannedItem
from app.console.batches import Batch, BatchItem, BatchItemsPage, BatchService
from app.console.many_as_code import LeftOut, ManyAsCode
from app.console.shell_commands import Commands, ShellStep
from app.errors import Problem
from app.operations.state import Kind, Outcome
from app.web.views.as_code import AsCodePage
from app.web.views.base import View
from app.web.views.batch import BatchPage, UnknownBatch, cancel_dialog, undo_dialog
from app.web.views.batches import CHOOSE, EXPLAINED, BatchPreviewPage, ChoosePage, change_dialog
from app.web.views.dialogs import ConfirmDialog
from app.web.views.frame import Tab
from app.wording import Message
from tests.web.example_parts import NOW, OPERATION_ID, Parts

REGION = "us-east-1"


def batch_examples(parts: Parts) -> dict[str, View]:
    """Pages by name."""
    choose = _choose(parts)
    running = _batch(parts, {"running": 1, "waiting": 2, "succeeded": 40})
    failed = _batch(parts, {"failed": 1, "succeeded": 2, "cancelled": 1}, outcome=Outcome.FAILED)
    done = _batch(parts, {"succeeded": 3, "nothing_to_do": 1}, outcome=Outcome.SUCCEEDED)
    preview = _preview(parts)
    return {
        "choose": choose,
        "choose-refused": replace(
            choose, refused=Problem("batch.empty"), chosen=frozenset([parts.repository]), total=1_234
        ),
        "choose-empty": replace(choose, names=(), total=0, action=Kind.REPAIR, heading=Message(CHOOSE[Kind.REPAIR])),
        "batch-preview": preview,
        "batch-preview-changed": replace(preview, has_changed=True, match=f"{parts.repository}*", names=()),
        "batch-preview-nothing": replace(
            preview, plan=BatchPlan(Kind.REVOKE, tuple(i for i in preview.plan.items if i.state == "unchanged"))
        ),
        "batch-running": _page(parts, running),
        "batch-cancelling": _page(parts, replace(running, cancel_requested=True)),
        "batch-failed": _page(parts, failed),
        "batch-role-failed": _page(
            parts,
            replace(failed, services=tuple(replace(each, problem=parts.problem()) for each in failed.services)),
        ),
        "batch-done": _page(parts, done),
        "batch-undone": _page(
            parts, replace(done, action=Kind.UNDO, roles_left_on=((REGION, parts.service_name), (REGION, "web")))
        ),
        **_as_code(parts),
        "batch-unknown": UnknownBatch(parts.person),
    }


def batch_dialogs(parts: Parts) -> dict[str, ConfirmDialog]:
    """Dialogs by name."""
    running = _batch(parts, {"running": 1, "succeeded": 40})
    return {
        "batch-cancel": cancel_dialog(running),
        "batch-undo": undo_dialog(running),
        "batch-undo-roles": undo_dialog(replace(running, roles_left_on=((REGION, parts.service_name),))),
        "batch-change": change_dialog(REGION, parts.service_name, parts.preview()),
    }


def _choose(parts: Parts) -> ChoosePage:
    return ChoosePage(
        frame=parts.frame(Tab.IMAGES),
        action=Kind.GRANT,
        match=parts.repository,
        pattern=f"*{parts.repository}*",
        names=(parts.repository, "payments/api", "tools/cli"),
        total=3,
        heading=Message(CHOOSE[Kind.GRANT]),
        lead=Message(EXPLAINED[Kind.GRANT], {"service": parts.service_name}),
    )


def _preview(parts: Parts) -> BatchPreviewPage:
    key = (REGION, parts.service_name)
    items = (
        PlannedItem(*key, "payments/api", ItemState.CHANGES, read_at=NOW - timedelta(minutes=3)),
        PlannedItem(*key, "tools/cli", ItemState.UNCHANGED, read_at=NOW),
        PlannedItem(*key, parts.repository, ItemState.REFUSED, parts.problem(), read_at=NOW),
        PlannedItem(*key, "edge/cache", ItemState.UNREAD),
    )
    plan = BatchPlan(Kind.GRANT, items, (key,))
    names = tuple(item.repository for item in items)
    heading = Message(CHOOSE[Kind.GRANT])
    return BatchPreviewPage(parts.frame(Tab.IMAGES), plan, "", names, plan.fingerprint, NOW, heading)


def _batch(parts: Parts, counts: dict[str, int], outcome: Outcome | None = None) -> Batch:
    services = (
        BatchService(REGION, parts.service_name, OPERATION_ID, outcome, None, NOW),
        BatchService("eu-west-1", "reporting", OPERATION_ID, outcome, None, NOW),
    )
    return Batch(
        id=OPERATION_ID,
        version=7,
        action=Kind.GRANT,
        services=services,
        counts=counts,
        asked_by=parts.person,
        asked_at=NOW - timedelta(seconds=20),
        ended_at=None if outcome is None else NOW,
        cancel_requested=False,
        follows=OPERATION_ID,
        undoable=counts.get("succeeded", 0),
    )


def _page(parts: Parts, batch: Batch) -> BatchPage:
    problems = {"failed": parts.problem()}
    items = tuple(
        BatchItem(OPERATION_ID, REGION, parts.service_name, f"{parts.repository}{number}", state, problems.get(state), None, None)
        for number, state in enumerate(batch.counts)
    )  # fmt: skip
    return BatchPage(batch, BatchItemsPage(items, 12), "", 3, NOW)


def _as_code(parts: Parts) -> dict[str, View]:
    """A service with all its access as code, and with what was chosen."""
    arn = parts.service().role.principal_arn
    statement = {"Sid": parts.person[:50], "Effect": "Allow", "Principal": {"AWS": arn}, "Action": "ecr:BatchGetImage"}
    names = (parts.repository, "payments/api")
    policies = tuple(PolicyCode(name, {"Version": "2008-10-17", "Statement": [statement]}) for name in names)
    grant = grant_code(parts.service(), policies, activates=False)
    steps = (ShellStep(Message("Read the policy:"), f"aws ecr get-repository-policy {parts.repository}"),)
    notes = (Message("Compare the file with what AWS has before you use it."),)
    code = CodeText(
        Form.AWS,
        "sailpass-web.sh",
        commands=Commands("", steps),
        notes=notes,
        managed=Message(TOOL, {"tool": "Terraform"}),
    )
    texts = (
        code,
        replace(code, form=Form.TERRAFORM, text=terraform(grant), file_name="sailpass-web.tf"),
        replace(code, form=Form.CLOUDFORMATION, text=cloudformation(grant), file_name="sailpass-web.json"),
    )
    left_out = (LeftOut(parts.repository, parts.problem()), LeftOut("new/one"))
    codes = tuple(ManyAsCode(REGION, parts.service_name, each, names, left_out) for each in texts)
    page = AsCodePage(parts.frame(Tab.IMAGES), codes)
    return {
        "as-code": page,
        "as-code-chosen": replace(page, names=names),
        "as-code-matching": replace(page, match=f"{parts.repository}*"),
    }
