"""Example views of every page and state, with any names that a test needs on screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from app.aws.ports import Role
from app.console.access import AccessStatus
from app.console.freshness import PARTS, Freshness, PartFailure
from app.console.paging import page_of
from app.console.permissions import PermissionCheck
from app.console.policies import ByHand
from app.console.service_repositories import PoliciesRead, ServiceRepositories
from app.console.services import Deployments, RoleState, RoleView
from app.errors import Problem
from app.inventory.sync_state import What
from app.operations.progress import StepView
from app.operations.state import STEPS, Kind, Outcome, StepState
from app.web.views import dialogs
from app.web.views.add_repository import RepositoryOptions
from app.web.views.base import View
from app.web.views.errors import error_page
from app.web.views.frame import Tab
from app.web.views.history import HistoryFilterView, HistoryList, HistoryView, ServiceHistoryPage
from app.web.views.images import ImagesPage
from app.web.views.next_steps import NextSteps
from app.web.views.operation import OperationDetails, OperationPage, ProgressView, UnknownOperation, progress_dialog
from app.web.views.preview import EarlierPreview, PreviewView
from app.web.views.service import DeploymentsPage, OverviewPage
from app.web.views.sign_in import SessionEndedPage, SignInPage, SignInWithLinkPage
from app.web.views.sign_ins import (
    SignInsPage,
    end_session_dialog,
    revoke_link_dialog,
    revoke_token_dialog,
    sign_out_everywhere_dialog,
)
from app.wording import Message
from tests.web.example_batches import batch_dialogs, batch_examples
from tests.web.example_deploy import deploy_examples
from tests.web.example_parts import NOW, OPERATION_ID, Parts, after
from tests.web.example_permissions import permission_check, permissions
from tests.web.example_roles import role_dialogs
from tests.web.example_search import search_examples
from tests.web.example_sight import dismiss_dialogs, sight_examples
from tests.web.example_sign_ins import sign_ins
from tests.web.example_why import why_examples

__all__ = ["NOW", "Examples"]


class Examples(Parts):
    """Every view with one set of names, so that the same pages can be filled with friendly or hostile ones."""

    def dialogs(self) -> dict[str, View]:
        where = ("us-east-1", self.service_name)
        changes = (Message("The statement %(sid)s is removed.", {"sid": f"AllowLightsailPull-{self.service_name}"}),)
        done = self.succeeded_view().progress
        return {
            **batch_dialogs(self),
            "add": self.add_dialog(),
            "add-refused": self.add_dialog(
                typed=self.repository, refused=self.problem(), nearest=(self.repository, "tools/cli")
            ),
            "add-outdated": self.add_dialog(
                typed=self.repository,
                refused=Problem("preview.outdated", repository=self.repository),
                preview=self.preview(),
                earlier=EarlierPreview(self.repository, texts_known=True, diff=self.preview().diff),
            ),
            "add-unlisted": self.add_dialog(listing=False, choices=RepositoryOptions((), "/options")),
            "remove": dialogs.remove_dialog(*where, self.repository, changes=changes),
            "remove-blocked": dialogs.cannot_remove_dialog(
                *where, self.repository, Problem("policy.not_json", line=3, column=17)
            ),
            "repair": dialogs.repair_dialog(*where, self.repository, changes=changes),
            "prune": dialogs.prune_dialog(
                *where, self.repository, preview=replace(self.preview(), principals=("AROADEAD1", self.person))
            ),
            "prune-choices": dialogs.prune_dialog(
                *where, self.repository, preview=replace(self.preview(), doubtful=(self.person, "arn:aws:iam::1:root"))
            ),
            "prune-chosen": dialogs.prune_dialog(
                *where,
                self.repository,
                preview=replace(
                    self.preview(), principals=(self.person,), doubtful=(self.person, "arn:aws:iam::1:root")
                ),
            ),
            "activate": dialogs.activate_dialog(*where),
            **role_dialogs(self),
            "cancel": dialogs.cancel_dialog(self.progress()),
            "undo": dialogs.undo_dialog(done, preview=self.preview(), keeps_role=True),
            "undo-role-left-on": replace(self.succeeded_view(), role_left_on=True, in_dialog=True),
            "restore": dialogs.restore_dialog(done, self.repository, preview=self.preview()),
            "end-session": end_session_dialog(sign_ins(self).sessions[1]),
            "sign-out-everywhere": sign_out_everywhere_dialog(self.person),
            "revoke-link": revoke_link_dialog(sign_ins(self).links[0]),
            "revoke-token": revoke_token_dialog(self.service_name),
            "progress": progress_dialog(self.progress_view()),
            "progress-failed": progress_dialog(self.failed_view()),
            "progress-outdated": progress_dialog(self.outdated_view()),
            "progress-outdated-version": progress_dialog(self.outdated_view(again=3)),
            "progress-done": progress_dialog(self.succeeded_view()),
            "progress-polled": self.progress_view(),
            "next-steps": NextSteps(self.repository, self.uri(), ("1.8.2", "latest")),
            "preview": self.preview(),
            "preview-activating": replace(self.preview(), activates=True),
            "grant-check": self.grant_check(),
            "preview-nothing": PreviewView(self.repository),
            "preview-refused": PreviewView(problem=self.problem()),
            **dismiss_dialogs(self),
            "options": self.options("pay"),
            "operation-details": OperationDetails(self.interrupted_view().progress, self.unsure_changes()),
            "operation-details-done": OperationDetails(self.succeeded_view().progress, self.changes()),
            "options-empty": RepositoryOptions((), "/options", "nothing"),
            **deploy_examples(self),
        }

    def pages(self) -> dict[str, View]:
        failures = (
            PartFailure("eu-west-1", self.denied(), NOW - timedelta(hours=2)),
            PartFailure("ap-northeast-1", Problem("aws.unreachable", endpoint=self.repository)),
        )
        expired = Problem("aws.expired_token", aws_code="ExpiredTokenException", request_id="1f2e3d4c-EXAMPLE")
        alike = (
            *(PartFailure(region, expired, NOW - timedelta(hours=2)) for region in ("us-east-1", "eu-west-1")),
            *(
                PartFailure(region, Problem("aws.unreachable", endpoint=f"https://{region}.example"))
                for region in ("ap-northeast-1", "sa-east-1")
            ),
        )
        listing = PartFailure(
            Message(PARTS[What.REPOSITORIES], {"region": "us-east-1"}), expired, NOW - timedelta(hours=2)
        )
        never = Freshness(NOW, None, reading=True)
        images, containers, history = self.images(), self.containers(), self.history()
        nothing_known = self.frame(Tab.IMAGES, service=None, freshness=never)
        old = self.fresh(read_at=NOW - timedelta(hours=3), stale=True)
        slow = Problem("aws.page_slow", seconds=2)
        return {
            "containers": containers,
            "containers-loading": self.containers_of(never),
            "containers-empty": self.containers_of(self.fresh()),
            "containers-nothing-found": replace(containers, listed=page_of((), 1), query=self.service_name),
            "containers-many": replace(containers, listed=replace(containers.listed, number=2, pages=3)),
            "containers-partial": replace(
                containers, failures=failures, freshness=self.fresh(reading=True, stale=True)
            ),
            "containers-refused": replace(self.containers_of(Freshness(NOW)), failures=failures),
            "containers-alike": replace(containers, failures=alike),
            "overview": OverviewPage(self.frame(Tab.OVERVIEW), 3, (self.progress(),)),
            "overview-old": OverviewPage(self.frame(Tab.OVERVIEW, freshness=old, problem=expired), None),
            "overview-unknown": OverviewPage(self.frame(Tab.OVERVIEW, service=None, problem=expired)),
            "overview-loading": OverviewPage(replace(nothing_known, tab=Tab.OVERVIEW)),
            "overview-new": OverviewPage(
                self.frame(
                    Tab.OVERVIEW,
                    service=self.service(
                        "PENDING",
                        state_code="UNKNOWN_ERROR",
                        state_message=self.service_name,
                        url="",
                        private_domain="",
                        role=Role(),
                        created_at=None,
                        current_deployment=None,
                        next_deployment=self.deployment(1, "ACTIVATING"),
                    ),
                )
            ),
            "overview-empty": OverviewPage(
                self.frame(Tab.OVERVIEW, service=self.service("READY", current_deployment=None))
            ),
            "deployments": DeploymentsPage(
                self.frame(Tab.DEPLOYMENTS),
                Deployments(
                    (self.deployment(4, "FAILED"), self.deployment(), self.deployment(2, "INACTIVE")),
                    NOW - timedelta(seconds=20),
                ),
            ),
            "deployments-none": DeploymentsPage(self.frame(Tab.DEPLOYMENTS), Deployments((), NOW)),
            "deployments-old": DeploymentsPage(
                self.frame(Tab.DEPLOYMENTS, freshness=old), Deployments((self.deployment(),), old.read_at, slow)
            ),
            "deployments-refused": DeploymentsPage(self.frame(Tab.DEPLOYMENTS), Deployments((), None, self.problem())),
            "images": images,
            "images-added": replace(
                images, next_steps=NextSteps(self.repository, self.uri(), ("1.8.2", "latest", self.service_name))
            ),
            "images-added-many": replace(
                images, next_steps=NextSteps(self.repository, self.uri(), ("1.8.2", "latest"), whole=False)
            ),
            "images-added-untagged": replace(images, next_steps=NextSteps(self.repository, self.uri())),
            "images-running": self.images(
                running=(self.progress(), self.progress(Kind.REVOKE)),
                role=RoleView(RoleState.ACTIVATING, running=self.progress(Kind.ACTIVATE)),
                failures=failures,
            ),
            "images-empty": self.images(
                repositories=(), role=RoleView(RoleState.INACTIVE), policies=PoliciesRead(14, 14, NOW)
            ),
            "images-added-slow": replace(images, next_steps=NextSteps(self.repository, self.uri(), problem=slow)),
            "images-old": replace(
                self.images(
                    repositories=self.other_rows(),
                    role=replace(self.role(), state=RoleState.DEACTIVATING, running=self.progress(Kind.DEACTIVATE)),
                    policies=PoliciesRead(5, 5, old.read_at, listing=False),
                    failures=(listing,),
                ),
                frame=self.frame(Tab.IMAGES, freshness=old),
            ),
            "images-unknown": ImagesPage(
                self.frame(Tab.IMAGES, service=None, problem=expired),
                ServiceRepositories((), RoleView(RoleState.UNKNOWN), PoliciesRead(14, 14, NOW)),
            ),
            "images-loading": ImagesPage(
                nothing_known, ServiceRepositories((), RoleView(RoleState.UNKNOWN), PoliciesRead(listed=False))
            ),
            "history": HistoryView(history),
            "history-empty": HistoryView(HistoryList((), HistoryFilterView())),
            "history-of-repository": HistoryView(
                replace(history, filter=HistoryFilterView(region="us-east-1", of_repository=self.repository))
            ),
            "history-nothing-found": HistoryView(HistoryList((), HistoryFilterView(person=self.person))),
            "service-history": ServiceHistoryPage(
                self.frame(Tab.HISTORY),
                replace(history, filter=HistoryFilterView(region="us-east-1", of_service=self.service_name)),
            ),
            "service-history-empty": ServiceHistoryPage(
                self.frame(Tab.HISTORY),
                HistoryList((), HistoryFilterView(region="us-east-1", of_service=self.service_name)),
            ),
            "operation": OperationPage(self.progress_view()),
            "operation-queued": OperationPage(
                ProgressView(
                    replace(
                        self.progress(done=0),
                        started_at=None,
                        steps=tuple(StepView(name, StepState.PENDING) for name in STEPS[Kind.GRANT]),
                    ),
                    NOW,
                )
            ),
            "operation-failed": OperationPage(self.failed_view(), follows=OPERATION_ID),
            "operation-refused": OperationPage(self.refused_view()),
            "operation-done": OperationPage(self.succeeded_view(), self.changes(), followed_by=(OPERATION_ID,)),
            "operation-cancelled": OperationPage(ProgressView(self.progress(outcome=Outcome.CANCELLED), NOW)),
            "operation-interrupted": OperationPage(self.interrupted_view(), self.unsure_changes()),
            "operation-cancelling": OperationPage(ProgressView(replace(self.progress(), cancel_requested=True), NOW)),
            **{
                f"operation-seen-{kind}": OperationPage(
                    ProgressView(replace(self.progress(kind, 0, Outcome.SEEN), started_at=NOW), NOW)
                )
                for kind in (Kind.DRIFT, Kind.REPOSITORY_DELETED, Kind.ROLE_DEACTIVATED, Kind.SERVICE_DELETED)
            },
            "operation-unknown": UnknownOperation(OPERATION_ID),
            "policy": self.policy(),
            "policy-none": self.policy(
                text=None, readers=(), findings=(), access=AccessStatus.NOT_ALLOWED, reason=None, dead=()
            ),
            "policy-old": self.policy(read_at=old.read_at, problem=slow),
            "policy-deleted-by-hand": self.policy(
                by_hand=ByHand(self.by_hand(), "", self.preview().commands), access=AccessStatus.ALLOWED
            ),
            "policy-unread": self.policy(
                text=None,
                read_at=None,
                readers=None,
                by_hand=None,
                problem=self.problem(),
                running=self.progress(),
                access=AccessStatus.UNREADABLE,
            ),
            "policy-broken": self.policy(
                text='{"Version": "2012-10-17", "Statement": []}, {"Version": "2012-10-17", "Statement": []}',
                readers=None,
                by_hand=ByHand(self.by_hand(), after(self.service_name), self.preview().commands, mended=True),
                problem=Problem("policy.pasted_documents"),
                access=AccessStatus.UNREADABLE,
                dead=(),
            ),
            "permissions": permissions(self),
            "permissions-checked": permissions(self, permission_check(self)),
            "permissions-of-nobody": replace(permissions(self, permission_check(self)), account=""),
            "permissions-fine": permissions(self, PermissionCheck("us-east-1", permission_check(self).actions[:1])),
            "permissions-refused": permissions(self, PermissionCheck("us-east-1", (), problem=self.problem())),
            "error-problem": error_page(403, problem=self.denied()),
            **{f"error-{status}": error_page(status) for status in (400, 401, 403, 404, 405, 413, 422, 500, 503)},
            **why_examples(self),
            **batch_examples(self),
            **sight_examples(self),
            **search_examples(self),
            "sign-ins": sign_ins(self),
            "sign-ins-empty": SignInsPage((), (), (), ()),
            "session-ended": SessionEndedPage("/sign-in", f"/p/{self.repository}", (("repository", self.repository),)),
            "sign-in": SignInPage(),
            "sign-in-failed": SignInPage(failed=True),
            "sign-in-with-link": SignInWithLinkPage(self.person),
        }

    def all(self) -> Iterator[tuple[str, View]]:
        yield from self.pages().items()
        yield from self.dialogs().items()
