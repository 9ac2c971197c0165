"""Codes to words: looks sentences up in the reader's language and fills them in. Must never escape; the page does.

Whatever AWS or an older release says that we have no words for stays visible as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.console.access import AccessStatus
from app.console.permissions import PermissionCheck
from app.console.services import RoleState
from app.console.shell_commands import Commands
from app.errors import Problem
from app.messages.i18n import gettext, ngettext
from app.messages.problems import words_of
from app.operations import messages
from app.operations.progress import Note, Progress
from app.operations.state import NOT_DONE, Kind, Outcome, ReadSince, StepName, StepState
from app.policy.messages import WORDS as POLICY_WORDS
from app.wording import N_, Message, fill

SERVICE_STATES = {
    "PENDING": N_("Pending"),
    "READY": N_("Ready"),
    "DEPLOYING": N_("Deploying"),
    "RUNNING": N_("Running"),
    "UPDATING": N_("Updating"),
    "DELETING": N_("Deleting"),
    "DISABLED": N_("Disabled"),
}
SERVICE_STATE_EXPLAINED = {
    "PENDING": N_("AWS is creating the service."),
    "READY": N_("The service is ready, but nothing is deployed on it yet."),
    "DEPLOYING": N_("A deployment is being started. Changes to the role wait until it ends."),
    "RUNNING": N_("The service is up, and the current deployment is active."),
    "UPDATING": N_("AWS is changing the service's capacity or settings. Further changes wait until it ends."),
    "DELETING": N_("AWS is deleting the service."),
    "DISABLED": N_("The service is switched off: it runs no containers and its address does not answer."),
}
STATE_DETAILS = {
    "CREATING_SYSTEM_RESOURCES": N_("Creating system resources"),
    "CREATING_NETWORK_INFRASTRUCTURE": N_("Creating the network"),
    "PROVISIONING_CERTIFICATE": N_("Provisioning the certificate"),
    "PROVISIONING_SERVICE": N_("Provisioning the service"),
    "CREATING_DEPLOYMENT": N_("Creating the deployment"),
    "EVALUATING_HEALTH_CHECK": N_("Evaluating the health check"),
    "ACTIVATING_DEPLOYMENT": N_("Activating the deployment"),
    "CERTIFICATE_LIMIT_EXCEEDED": N_("The certificate limit of the account is reached"),
    "UNKNOWN_ERROR": N_("AWS reports an unknown error"),
}
STATE_DETAIL_EXPLAINED = {
    "CREATING_SYSTEM_RESOURCES": N_("AWS is creating the service's resources."),
    "CREATING_NETWORK_INFRASTRUCTURE": N_("AWS is creating the service's network."),
    "PROVISIONING_CERTIFICATE": N_("AWS is creating the SSL/TLS certificate of the service's address."),
    "PROVISIONING_SERVICE": N_("AWS is preparing the service."),
    "CREATING_DEPLOYMENT": N_("AWS is pulling the images and starting the containers."),
    "EVALUATING_HEALTH_CHECK": N_("The containers have started; AWS is checking their health."),
    "ACTIVATING_DEPLOYMENT": N_("The containers are healthy; traffic is being moved to them."),
    "CERTIFICATE_LIMIT_EXCEEDED": N_(
        "Delete an unused certificate in Lightsail or ask AWS to raise the limit; the service cannot start before."
    ),
    "UNKNOWN_ERROR": N_("Check the service in the Lightsail console, and contact AWS Support if this persists."),
}
DEPLOYMENT_STATES = {
    "ACTIVATING": N_("Activating"),
    "ACTIVE": N_("Active"),
    "INACTIVE": N_("Inactive"),
    "FAILED": N_("Failed"),
}
POWERS = {
    "nano": N_("Nano"),
    "micro": N_("Micro"),
    "small": N_("Small"),
    "medium": N_("Medium"),
    "large": N_("Large"),
    "xlarge": N_("Xlarge"),
}
ACCESS = {
    AccessStatus.ALLOWED: N_("Allowed"),
    AccessStatus.CONDITIONAL: N_("Conditional"),
    AccessStatus.PARTLY: N_("Incomplete"),
    AccessStatus.DENIED: N_("Denied"),
    AccessStatus.WRONG_ROLE: N_("Wrong role ARN"),
    AccessStatus.STALE: N_("Stale grant"),
    AccessStatus.INACTIVE: N_("Role inactive"),
    AccessStatus.NOT_ALLOWED: N_("Not allowed"),
    AccessStatus.UNREAD: N_("Not read yet"),
    AccessStatus.UNREADABLE: N_("Cannot be read"),
}
ROLE_STATES = {
    RoleState.ACTIVE: N_("Active"),
    RoleState.INACTIVE: N_("Inactive"),
    RoleState.ACTIVATING: N_("Activating"),
    RoleState.DEACTIVATING: N_("Deactivating"),
    RoleState.UNKNOWN: N_("Not read yet"),
}
STILL_RUNNING = N_("In progress")
WAITING = N_("Waiting")

# The colour and the icon of a word: success, progress, info, warning, error or off.
TONES: dict[str, str] = {
    "PENDING": "progress",
    "READY": "success",
    "DEPLOYING": "progress",
    "RUNNING": "success",
    "UPDATING": "progress",
    "DELETING": "progress",
    "DISABLED": "off",
    "ACTIVATING": "progress",
    "ACTIVE": "success",
    "INACTIVE": "off",
    "FAILED": "error",
    AccessStatus.ALLOWED: "success",
    AccessStatus.CONDITIONAL: "warning",
    AccessStatus.PARTLY: "warning",
    AccessStatus.DENIED: "error",
    AccessStatus.WRONG_ROLE: "error",
    AccessStatus.STALE: "error",
    AccessStatus.INACTIVE: "warning",
    AccessStatus.NOT_ALLOWED: "off",
    AccessStatus.UNREAD: "off",
    AccessStatus.UNREADABLE: "error",
    RoleState.ACTIVE: "success",
    RoleState.INACTIVE: "off",
    RoleState.ACTIVATING: "progress",
    RoleState.DEACTIVATING: "progress",
    RoleState.UNKNOWN: "off",
    StepState.PENDING: "off",
    StepState.RUNNING: "progress",
    StepState.SUCCEEDED: "success",
    StepState.SKIPPED: "success",
    StepState.FAILED: "error",
    StepState.CANCELLED: "off",
    StepState.INTERRUPTED: "warning",
    Outcome.NOTHING_TO_DO: "success",
}


def _fill(template: str, params: Mapping[str, str | int]) -> str:
    return fill(gettext(template), params)


def say(said: Message | str) -> str:
    """A sentence in the reader's language; a plain text stays as it is."""
    return said if isinstance(said, str) else _fill(said.text, said.params)


def what(problem: Problem) -> str:
    """What happened."""
    sentences = words_of(problem)
    return _fill(sentences.what, problem.params) if sentences else problem.code


def details(problem: Problem) -> list[str]:
    """Return what explains it further, a sentence each."""
    return [_fill(POLICY_WORDS[code], params) for code, params in problem.details if code in POLICY_WORDS]


def todo(problem: Problem) -> str:
    """What to do about it; "" for a problem that we no longer have words for."""
    sentences = words_of(problem)
    return _fill(sentences.todo, problem.params) if sentences else ""


def shell_text(commands: Commands) -> str:
    """Return the commands as one text to copy, each below its remark; both shells write comments with #."""
    return "\n\n".join(f"# {say(step.remark)}\n{step.command}" for step in commands.steps)


def tone(code: str) -> str:
    """The tone of a state, verdict or outcome."""
    return TONES.get(code, "info")


def _word(table: Mapping[str, str], code: str) -> str:
    return gettext(table[code]) if code in table else code


def service_state(code: str) -> str:
    """READY -> Ready."""
    return _word(SERVICE_STATES, code)


def state_detail(code: str) -> str:
    """A service's `stateDetail.code` in a few words."""
    return _word(STATE_DETAILS, code)


def state_explained(state: str, detail: str = "") -> str:
    """What a service's state means for the reader; the detail's sentence wins, being closer to what goes on."""
    template = STATE_DETAIL_EXPLAINED.get(detail) or SERVICE_STATE_EXPLAINED.get(state)
    return gettext(template) if template else ""


def deployment_state(code: str) -> str:
    """ACTIVE -> Active."""
    return _word(DEPLOYMENT_STATES, code)


def power(code: str) -> str:
    """How much each node has: Nano for nano."""
    return _word(POWERS, code)


def access(code: AccessStatus) -> str:
    """The verdict in a word."""
    return gettext(ACCESS[code])


def role_state(code: RoleState) -> str:
    """The role's state in a word."""
    return gettext(ROLE_STATES[code])


def kind(code: Kind) -> str:
    """What an operation is for."""
    return gettext(messages.KINDS[code])


def title(progress: Progress) -> str:
    """What is being done, was done, or could not be done, as a heading."""
    subject = _subject(progress)
    if progress.outcome is Outcome.FAILED:
        return _fill(messages.FAILED_TITLES[progress.kind], subject)
    if progress.outcome is Outcome.SUCCEEDED:
        return _fill(messages.DONE_TITLES[progress.kind], subject)
    doing = _fill(messages.TITLES[progress.kind], subject)
    around = messages.OTHER_TITLES.get(progress.outcome) if progress.outcome else None
    return _fill(around, {"title": doing}) if around else doing


def step(name: StepName) -> str:
    """A step's name."""
    return gettext(messages.STEPS[name])


def step_state(code: StepState) -> str:
    """A step's state in a word."""
    return gettext(messages.STEP_STATES[code])


def note(remark: Note) -> str:
    """A step's remark."""
    return _fill(messages.NOTES[remark.code], remark.params) if remark.code in messages.NOTES else remark.code


def outcome(progress: Progress) -> str:
    """How an operation stands, in a word."""
    if progress.outcome is None:
        return gettext(WAITING if progress.queued else STILL_RUNNING)
    return gettext(messages.OUTCOMES[progress.outcome])


def outcome_tone(progress: Progress) -> str:
    """The tone of `outcome`."""
    if progress.outcome is None:
        return "progress"
    tones = {Outcome.FAILED: "error", Outcome.CANCELLED: "off", Outcome.INTERRUPTED: "warning", Outcome.SEEN: "warning"}
    return tones.get(progress.outcome, "success")


def ending(progress: Progress) -> str:
    """What became of access, in one sentence; "" while nothing has ended."""
    if progress.outcome is None:
        return ""
    if progress.outcome in NOT_DONE:
        return gettext(_not_done(progress, progress.outcome))
    if progress.is_conditional:
        return _fill(messages.GIVEN_UNDER_A_CONDITION, _subject(progress))
    return _fill(messages.ENDINGS[progress.kind, progress.outcome], _subject(progress))


def _not_done(progress: Progress, ended_as: Outcome) -> str:
    """What became of the repository policy when an operation failed, or was cancelled or interrupted."""
    unsure, changed, unchanged = {
        Outcome.FAILED: (messages.UNSURE, messages.FAILED_CHANGED, messages.FAILED_UNCHANGED),
        Outcome.CANCELLED: (messages.UNSURE, messages.CANCELLED_CHANGED, messages.CANCELLED_UNCHANGED),
        Outcome.INTERRUPTED: (messages.INTERRUPTED_UNSURE, messages.INTERRUPTED_CHANGED, messages.INTERRUPTED),
    }[ended_as]
    if progress.unconfirmed:
        since = messages.NOT_DONE_READ_SINCE.get(progress.read_since) if progress.read_since else None
        if since is None or ended_as is Outcome.INTERRUPTED:
            return unsure
        return changed if progress.wrote_policy else since
    return changed if progress.wrote_policy else unchanged


def unsure_write(since: ReadSince | None = None) -> str:
    """What a policy change says whose answer from AWS nobody recorded; `since`: what a later reading shows."""
    return gettext(messages.WRITE_READ_SINCE[since] if since else messages.UNSURE_WRITE)


def spoken(progress: Progress) -> str:
    """Where an operation stands, as a screen reader should say it: a new text is a new announcement."""
    if progress.problem:
        return what(progress.problem)
    if progress.ended:
        return ending(progress)
    if progress.current is None:
        return outcome(progress)
    position = {"number": min(progress.done + 1, len(progress.steps)), "total": len(progress.steps)}
    return gettext("Step %(number)s of %(total)s: %(what)s") % {**position, "what": step(progress.current.name)}


def kinds() -> list[tuple[str, str]]:
    """Every kind with its word, for a drop-down list."""
    return [(code, kind(code)) for code in Kind]


def outcomes() -> list[tuple[str, str]]:
    """Every outcome with its word, and what has none yet."""
    ended = [(str(code), gettext(messages.OUTCOMES[code])) for code in Outcome]
    return [*ended, ("running", gettext(STILL_RUNNING))]


def check_said(check: PermissionCheck) -> str:
    """What Check permissions found, in one sentence for what is missing and one for what could not be told."""
    said = []
    if check.missing:
        said.append(
            ngettext("%(num)s permission is missing.", "%(num)s permissions are missing.", check.missing)
            % {"num": check.missing}
        )
    if check.unknown:
        said.append(
            ngettext(
                "%(num)s permission couldn't be checked.", "%(num)s permissions couldn't be checked.", check.unknown
            )
            % {"num": check.unknown}
        )
    return " ".join(said) or gettext("No permission is missing.")


def check_tone(check: PermissionCheck) -> str:
    """The tone of `check_said`."""
    if check.missing:
        return "error"
    return "warning" if check.unknown else "success"


def _subject(progress: Progress) -> dict[str, str | int]:
    return {"service": progress.service, "repository": progress.repository}
