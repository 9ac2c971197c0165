"""The parts of the example views: services, roles, rows, progress, with any names that a test needs on screen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.as_code.grant import Form, GrantCode, PolicyCode, cloudformation, notes_of, terraform
from app.as_code.managed import managed_by
from app.aws.ports import Container, ContainerService, Deployment, Role
from app.console.access import AccessStatus, RepositoryRow
from app.console.as_code import CodeText
from app.console.freshness import Freshness
from app.console.paging import page_of
from app.console.policies import NEVER, WHO, ByHand, FindingView, PrincipalVerdict, RepositoryPolicy, same_as
from app.console.service_repositories import PoliciesRead, ServiceRepositories
from app.console.services import RoleState, RoleView, ServiceSummary
from app.console.shell_commands import Commands, ShellStep
from app.errors import Problem
from app.operations.progress import Note, Progress, StepView
from app.operations.state import STEPS, Kind, Outcome, StepState
from app.policy.diff import diff_texts
from app.policy.finding import Severity
from app.policy.messages import WORDS
from app.policy.principals import PrincipalKind
from app.web import links
from app.web.views.add_repository import AddRepositoryDialog, RepositoryOption, RepositoryOptions
from app.web.views.containers import ContainersPage
from app.web.views.frame import ServiceFrame, Tab
from app.web.views.grant_check import GrantCheckView
from app.web.views.history import HistoryFilterView, HistoryList, HistoryRow
from app.web.views.images import ImagesPage
from app.web.views.operation import PolicyChangeView, ProgressView
from app.web.views.policy import PolicyPage
from app.web.views.preview import PreviewView
from app.wording import Message

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ROLE_PATH = "arn:aws:iam::947856326339:role/amazon/lightsail/us-east-1/containers"
OPERATION_ID = "0b7f0a5e-5d3f-4a3e-9a52-6a5d1b7c9e10"
BEFORE = """{"Version": "2008-10-17", "Statement": [{"Sid": "LambdaECRImageRetrievalPolicy", "Effect": "Allow",
 "Principal": {"Service": "lambda.amazonaws.com"}, "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]}"""


def after(name: str) -> str:
    return BEFORE.replace(
        "}]}",
        f'}}, {{"Sid": "AllowLightsailPull-{name}", "Effect": "Allow", "Principal": {{"AWS": "{ROLE_PATH}/web/private-repo-access/3ex4mpl3"}},'
        ' "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]}',
    )


class Parts:
    """Parts of views with one set of names."""

    def __init__(self, service: str = "web-frontend", repository: str = "storefront/web", person: str = "mika") -> None:
        self.service_name, self.repository, self.person = service, repository, person

    # --- parts ---
    def uri(self, name: str = "") -> str:
        return f"123456789012.dkr.ecr.us-east-1.amazonaws.com/{name or self.repository}"

    def denied(self) -> Problem:
        return Problem(
            "aws.access_denied",
            aws_code="AccessDeniedException",
            request_id="6f1c9a0e-EXAMPLE",
            action="ecr:SetRepositoryPolicy",
            resource=self.repository,
            region="us-east-1",
            reason="not_allowed",
        )

    def problem(self) -> Problem:
        return Problem(
            "internal",
            aws_code="AccessDeniedException",
            aws_message=f"User: arn:aws:iam::123456789012:user/{self.person} is not authorized to perform: ecr:SetRepositoryPolicy",
            request_id="6f1c9a0e-EXAMPLE",
            reference=self.repository,
        )

    def deployment(self, version: int = 3, state: str = "ACTIVE") -> Deployment:
        containers = (
            Container("app", f"{self.uri()}:1.8.2", {"80": "HTTP"}),
            Container(self.service_name[:50], ":web.sidecar.4", {"9090": "TCP", "9091": "TCP"}),
        )
        return Deployment(version, state, NOW - timedelta(days=version), containers, "app", 80, "/healthz")

    def service(self, state: str = "RUNNING", name: str = "", **changes: object) -> ContainerService:
        service = ContainerService(
            region="us-east-1",
            name=name or self.service_name,
            arn="arn:aws:lightsail:us-east-1:123456789012:ContainerService/0f6c1d1e-6f1b-4a06-9a71-8a4b7c9d2e10",
            account="123456789012",
            state=state,
            role=Role(
                is_active=True, principal_arn=f"{ROLE_PATH}/{self.service_name}/private-repo-access/3ex4mpl3m8gmrcs1v"
            ),
            tags={"aws:cloudformation:stack-name": self.service_name},
            power="micro",
            scale=2,
            url=f"https://{self.service_name}.abcd1234.us-east-1.cs.amazonlightsail.com/",
            private_domain=f"{self.service_name}.service.local",
            general_principal_arn=f"{ROLE_PATH}/{self.service_name}/9general9kkemufe7ime26fo9i7e5ct93k7ng",
            created_at=NOW - timedelta(days=90),
            current_deployment=self.deployment(),
        )
        return replace(service, **changes)  # type: ignore[arg-type]

    def progress(self, kind: Kind = Kind.GRANT, done: int = 1, outcome: Outcome | None = None) -> Progress:
        steps = []
        for at, name in enumerate(STEPS[kind]):
            started = NOW - timedelta(seconds=40 - at * 7)
            if at < done:
                state = StepState.SKIPPED if at == 0 and done > 1 else StepState.SUCCEEDED
                note = Note("role.was_active") if state is StepState.SKIPPED else None
                steps.append(
                    StepView(name, state, started, started + timedelta(seconds=6.4), 1, note, request_ids=("r-1",))
                )
            elif at == done and outcome is not Outcome.SUCCEEDED:
                failed = outcome is Outcome.FAILED
                state = StepState.FAILED if failed else StepState.RUNNING if outcome is None else StepState.CANCELLED
                steps.append(
                    StepView(
                        name,
                        state,
                        started,
                        started + timedelta(seconds=3) if failed else None,
                        2,
                        Note("role.usually"),
                    )
                )
            else:
                steps.append(StepView(name, StepState.PENDING))
        return Progress(
            id=OPERATION_ID,
            version=done,
            kind=kind,
            region="us-east-1",
            service=self.service_name,
            repository="" if kind in (Kind.ACTIVATE, Kind.DEACTIVATE) else self.repository,
            asked_by=self.person,
            asked_at=NOW - timedelta(seconds=41),
            steps=tuple(steps),
            started_at=NOW - timedelta(seconds=40),
            ended_at=NOW - timedelta(seconds=8) if outcome else None,
            outcome=outcome,
            problem=self.problem() if outcome is Outcome.FAILED else None,
            wrote_policy=outcome is Outcome.SUCCEEDED,
            image_uri=self.uri(),
        )

    def interrupted_view(self) -> ProgressView:
        """A backup was restored that was made in the middle of the policy write."""
        progress = replace(self.progress(done=2, outcome=Outcome.INTERRUPTED), unconfirmed=True)
        steps = (*progress.steps[:2], *(replace(step, state=StepState.INTERRUPTED) for step in progress.steps[2:]))
        return ProgressView(replace(progress, steps=steps), NOW, can_retry=True)

    def unsure_changes(self) -> tuple[PolicyChangeView, ...]:
        return tuple(replace(change, written_at=None, request_id="") for change in self.changes())

    def frame(self, tab: Tab, **changes: object) -> ServiceFrame:
        frame = ServiceFrame("us-east-1", self.service_name, tab, self.fresh(), self.service())
        return replace(frame, **changes)  # type: ignore[arg-type]

    def fresh(self, **changes: object) -> Freshness:
        return replace(Freshness(NOW, NOW - timedelta(minutes=3)), **changes)  # type: ignore[arg-type]

    # --- pages ---
    def summary(
        self, service: ContainerService, can_pull: int | None, running: tuple[Progress, ...] = ()
    ) -> ServiceSummary:
        broken = can_pull and can_pull - 1  # some with, some without
        return ServiceSummary(service, NOW, can_pull, broken=broken, running=running)

    def containers(self) -> ContainersPage:
        rows = (
            self.summary(self.service(), 3),
            self.summary(
                self.service("DEPLOYING", "payments-api", state_code="EVALUATING_HEALTH_CHECK"), 1, (self.progress(),)
            ),
            self.summary(self.service("DISABLED", "batch-worker", power="nano", scale=1), 0),
            self.summary(
                self.service("PENDING", "edge-cache", region="eu-west-1", state_code="CERTIFICATE_LIMIT_EXCEEDED"), None
            ),
            self.summary(self.service("READY", "reporting", region="eu-west-1", power="large"), 2),
        )
        states = tuple(row.service.state for row in rows)
        listed = page_of(rows, 1)
        return ContainersPage(listed, 5, states, ("us-east-1", "eu-west-1"), self.fresh())

    def containers_of(self, freshness: Freshness) -> ContainersPage:
        """The list without services."""
        return ContainersPage(page_of((), 1), 0, (), ("us-east-1",), freshness)

    def rows(self) -> tuple[RepositoryRow, ...]:
        added = NOW - timedelta(days=4)
        reason = self.reason()
        return (
            RepositoryRow(self.repository, self.uri(), AccessStatus.ALLOWED, added_at=added, added_by=self.person),
            RepositoryRow(
                "storefront/nginx-sidecar",
                self.uri("storefront/nginx-sidecar"),
                AccessStatus.CONDITIONAL,
                reason,
                by_name=False,
            ),
            RepositoryRow(
                "shared/otel-collector",
                self.uri("shared/otel-collector"),
                AccessStatus.WRONG_ROLE,
                reason,
                repairable=True,
            ),
            RepositoryRow(
                "payments/api",
                self.uri("payments/api"),
                AccessStatus.STALE,
                reason,
                repairable=True,
                added_at=added,
                added_by="ken",
            ),
            RepositoryRow(
                "shared/base-python", self.uri("shared/base-python"), AccessStatus.UNREADABLE, problem=self.problem()
            ),
        )

    def reason(self) -> Message:
        stale = {"statement": f"#2 (AllowLightsailPull-{self.service_name})", "service": self.repository}
        return Message(WORDS["finding.stale_role"], stale)

    def other_rows(self) -> tuple[RepositoryRow, ...]:
        """Rows in the states that `rows` leaves out."""
        reason = self.reason()
        states = (
            AccessStatus.PARTLY,
            AccessStatus.DENIED,
            AccessStatus.INACTIVE,
            AccessStatus.UNREAD,
            AccessStatus.NOT_ALLOWED,
        )
        running = (self.progress(Kind.REPAIR), None, None, None, None)
        return tuple(
            RepositoryRow(f"team/{access}", self.uri(f"team/{access}"), access, reason, running=live)
            for access, live in zip(states, running, strict=True)
        )

    def role(self) -> RoleView:
        service = self.service()
        return RoleView(RoleState.ACTIVE, service.role.principal_arn, service.general_principal_arn)

    def images(self, **changes: Any) -> ImagesPage:
        read = PoliciesRead(180, 200, NOW - timedelta(minutes=2))
        known = ServiceRepositories(self.rows(), self.role(), read)
        return ImagesPage(self.frame(Tab.IMAGES), replace(known, **changes))

    def options(self, query: str = "") -> RepositoryOptions:
        options = (
            RepositoryOption("payments/api"),
            RepositoryOption("payments/worker"),
            RepositoryOption("tools/cli"),
            RepositoryOption(self.repository, added=True),
        )
        return RepositoryOptions(options, "/options", query, more=True)

    def add_dialog(self, **changes: object) -> AddRepositoryDialog:
        where = ("us-east-1", self.service_name)
        return replace(AddRepositoryDialog(*where, links.images(*where), self.options()), **changes)  # type: ignore[arg-type]

    def commands(self, system: str, command: str) -> Commands:
        return Commands(system, (ShellStep(Message(WORDS["command.read"]), command),))

    def preview(self) -> PreviewView:
        return PreviewView(
            self.repository,
            diff_texts(BEFORE, after(self.service_name)),
            ("ecr:GetRepositoryPolicy  " + self.repository, "ecr:SetRepositoryPolicy  " + self.repository),
            (
                self.commands("macOS / Linux", f"aws ecr get-repository-policy --repository-name '{self.repository}'"),
                self.commands(
                    "Windows (PowerShell)", f'aws ecr get-repository-policy --repository-name "{self.repository}"'
                ),
            ),
            seen=self.repository,
        )

    def grant_check(self) -> GrantCheckView:
        """What is known of a repository whose policy names a principal that is dead."""
        dead = Problem("policy.dead_principals", repository=self.repository, principals="AROAEXAMPLEDEADROLE01")
        return GrantCheckView(self.repository, refused=dead, prune_url=f"/p/{self.repository}")

    def progress_view(self, **changes: object) -> ProgressView:
        return ProgressView(self.progress(**changes), NOW, can_cancel=True)  # type: ignore[arg-type]

    def failed_view(self) -> ProgressView:
        progress = self.progress(done=2, outcome=Outcome.FAILED)
        return ProgressView(progress, NOW, can_retry=True)

    def refused_view(self) -> ProgressView:
        """ECR refuses the policy because of a principal that is dead."""
        dead = Problem("policy.dead_principals", repository=self.repository, principals="AROAEXAMPLEDEADROLE01")
        return replace(self.failed_view(), progress=replace(self.failed_view().progress, problem=dead))

    def outdated_view(self, again: int = 0) -> ProgressView:
        """Somebody else deployed between the preview of a deployment and its request."""
        changed = Problem("deployment.changed_meanwhile", service=self.service_name)
        progress = self.progress(Kind.DEPLOY, done=1, outcome=Outcome.FAILED)
        progress = replace(
            progress, problem=changed, image_uri="" if again else f"{self.uri()}:2.0", deploys_again=again
        )
        return ProgressView(progress, NOW, can_retry=True)

    def succeeded_view(self, kind: Kind = Kind.GRANT) -> ProgressView:
        return ProgressView(self.progress(kind, len(STEPS[kind]), Outcome.SUCCEEDED), NOW, can_undo=True)

    def changes(self) -> tuple[PolicyChangeView, ...]:
        diff = diff_texts(BEFORE, after(self.service_name))
        return (PolicyChangeView(self.repository, diff, NOW - timedelta(seconds=9), "1f2e3d4c-EXAMPLE"),)

    def history(self) -> HistoryList:
        rows = (
            HistoryRow(self.progress()),
            HistoryRow(self.succeeded_view().progress),
            HistoryRow(self.failed_view().progress),
            HistoryRow(self.progress(Kind.REVOKE, 2, Outcome.NOTHING_TO_DO)),
            HistoryRow(self.progress(Kind.DEACTIVATE, 1, Outcome.CANCELLED)),
            HistoryRow(self.interrupted_view().progress),
        )
        rows = tuple(
            replace(row, progress=replace(row.progress, id=f"{OPERATION_ID}-{at}")) for at, row in enumerate(rows)
        )
        return HistoryList(rows, HistoryFilterView(repository=self.repository), "/history?before=1", "/history?after=2")

    def by_hand(self) -> Message:
        return same_as(AccessStatus.STALE, mended=False)

    def policy(self, **changes: Any) -> PolicyPage:
        return PolicyPage(replace(self.repository_policy(), **changes), NOW)

    def repository_policy(self) -> RepositoryPolicy:
        dead = "AROAEXAMPLEDEADROLE01"
        return RepositoryPolicy(
            region="us-east-1",
            service=self.service_name,
            repository=self.repository,
            uri=self.uri(),
            access=AccessStatus.STALE,
            text=after(self.service_name),
            reason=self.reason(),
            read_at=NOW - timedelta(minutes=1),
            readers=(
                PrincipalVerdict(
                    Message(WHO[PrincipalKind.SERVICE]),
                    allowed=True,
                    how=Message(WORDS["verdict.allowed_named"], {"statement": self.repository}),
                    value="lambda.amazonaws.com",
                ),
                PrincipalVerdict(
                    Message(WHO[PrincipalKind.UNIQUE_ID]),
                    allowed=False,
                    how=Message(NEVER[PrincipalKind.UNIQUE_ID]),
                    value=dead,
                ),
                PrincipalVerdict(
                    Message(WHO[PrincipalKind.WILDCARD]),
                    allowed=None,
                    how=Message(
                        WORDS["verdict.maybe_allowed"],
                        {"statement": "#3", "conditions": "StringEquals aws:PrincipalOrgID"},
                    ),
                ),
            ),
            findings=(
                FindingView(
                    Message(WORDS["finding.deleted_principal"], {"statement": "#2", "principal": dead}),
                    Severity.ERROR,
                ),
                FindingView(Message(WORDS["finding.shared_sid"], {"sid": self.repository}), Severity.INFO),
            ),
            by_hand=ByHand(self.by_hand(), after(self.service_name), self.preview().commands, activates=True),
            as_code=self.as_code(),
            managed=managed_by({"aws:cloudformation:stack-name": self.service_name}),
            can_add=True,
            can_remove=True,
            can_repair=True,
            dead=(dead,),
            size=4210,
        )

    def as_code(self):
        document = {"Version": "2008-10-17", "Statement": [{"Sid": self.service_name, "Effect": "Allow"}]}
        grant = GrantCode(
            "us-east-1", self.service_name, "", (PolicyCode(self.repository, document),), role_ready=False
        )
        return tuple(
            CodeText(form, f"sailpass.{suffix}", text(grant), notes=tuple(map(Message, notes_of(form, grant))))
            for form, suffix, text in ((Form.TERRAFORM, "tf", terraform), (Form.CLOUDFORMATION, "json", cloudformation))
        )
