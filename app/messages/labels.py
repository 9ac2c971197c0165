"""Turns codes into sentences in the reader's language. Does not escape; the page does.

Codes of AWS or of an older release without a sentence here are shown unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.console.access import AccessStatus
from app.console.as_code import CodeText
from app.console.batches import Batch
from app.console.permissions import PermissionCheck
from app.console.services import RoleState
from app.console.shell_commands import Commands
from app.errors import Problem
from app.messages import states
from app.messages.details import DETAIL_WORDS
from app.messages.i18n import code as code_of_language
from app.messages.i18n import gettext, ngettext
from app.messages.numbers import readable
from app.messages.problems import words_of
from app.operations import messages
from app.operations.progress import Note, Progress, StepView
from app.operations.state import NOT_DONE, Kind, Outcome, ReadSince, StepName, StepState
from app.policy.finding import Severity
from app.wording import Message, fill


def _fill(template: str, params: Mapping[str, str | int]) -> str:
    return _filled(gettext(template), params)


def _filled(sentence: str, params: Mapping[str, str | int]) -> str:
    return fill(sentence, readable(params, code_of_language()))


def say(said: Message | str) -> str:
    """Return a sentence in the reader's language; plain text stays unchanged."""
    return said if isinstance(said, str) else _fill(said.text, said.params)


def what(problem: Problem) -> str:
    """Return what happened."""
    sentences = words_of(problem)
    return _fill(sentences.what, problem.params) if sentences else problem.code


def details(problem: Problem) -> list[str]:
    """Return what explains it further, a sentence each."""
    return [_fill(DETAIL_WORDS[code], params) for code, params in problem.details if code in DETAIL_WORDS]


def todo(problem: Problem) -> str:
    """Return what to do about it; "" for a problem without a sentence."""
    sentences = words_of(problem)
    return _fill(sentences.todo, problem.params) if sentences else ""


def shell_text(commands: Commands) -> str:
    """Return the commands as one text to copy, each below its remark; both shells write comments with #."""
    return "\n\n".join(f"# {say(step.remark)}\n{step.command}" for step in commands.steps)


def code_text(code: CodeText) -> str:
    """Return an access as code, as one text to copy."""
    return code.text or (shell_text(code.commands) + "\n" if code.commands else "")


def tone(code: str) -> str:
    """Return the tone of a state, verdict or outcome."""
    return states.TONES.get(code, "info")


def tone_of_severity(severity: str) -> str:
    """The tone of a finding's severity; "" is none, which is good."""
    return {"error": "error", "warning": "warning", "info": "info"}.get(severity, "success")


def severity(code: Severity) -> str:
    """A finding's severity in a word."""
    return gettext(states.SEVERITIES[code])


def _word(table: Mapping[str, str], code: str) -> str:
    return gettext(table[code]) if code in table else code


def service_state(code: str) -> str:
    """Return the label of a service's state, such as Ready for READY."""
    return _word(states.SERVICE_STATES, code)


def state_detail(code: str) -> str:
    """Return a service's `stateDetail.code` in a few words."""
    return _word(states.STATE_DETAILS, code)


def state_explained(state: str, detail: str = "") -> str:
    """Return what a service's state means for the reader; the detail's sentence is preferred, being more specific."""
    template = states.STATE_DETAIL_EXPLAINED.get(detail) or states.SERVICE_STATE_EXPLAINED.get(state)
    return gettext(template) if template else ""


def deployment_state(code: str) -> str:
    """Return the label of a deployment's state, such as Active for ACTIVE."""
    return _word(states.DEPLOYMENT_STATES, code)


def power(code: str) -> str:
    """Return the label of a node's size: Nano for nano."""
    return _word(states.POWERS, code)


def access(code: AccessStatus) -> str:
    """Return the label of the verdict."""
    return gettext(states.ACCESS[code])


def role_state(code: RoleState) -> str:
    """Return the label of the role's state."""
    return gettext(states.ROLE_STATES[code])


def kind(code: Kind) -> str:
    """Return the label of an operation's kind."""
    return gettext(messages.KINDS[code])


def title(progress: Progress) -> str:
    """Return the heading of an operation: what it does, did, or could not do."""
    titles = messages.ENDED_TITLES.get(progress.outcome, messages.TITLES) if progress.outcome else messages.TITLES
    title = _fill(titles.get(progress.kind, messages.TITLES[progress.kind]), _subject(progress))
    around = messages.AROUND_TITLES.get(progress.outcome) if progress.outcome else None
    return _fill(around, {"title": title}) if around else title


def step(name: StepName) -> str:
    """Return a step's label."""
    return gettext(messages.STEPS[name])


def step_state(code: StepState) -> str:
    """Return the label of a step's state."""
    return gettext(messages.STEP_STATES[code])


def note(remark: Note) -> str:
    """Return a step's note as a sentence."""
    return _fill(messages.NOTES[remark.code], remark.params) if remark.code in messages.NOTES else remark.code


def outcome(progress: Progress) -> str:
    """Return the label of an operation's state or outcome."""
    if progress.outcome is None:
        return gettext(states.WAITING if progress.queued else states.STILL_RUNNING)
    return gettext(messages.OUTCOMES[progress.outcome])


def outcome_tone(progress: Progress) -> str:
    """Return the tone of `outcome`."""
    if progress.outcome is None:
        return "progress"
    tones = {Outcome.FAILED: "error", Outcome.CANCELLED: "off", Outcome.INTERRUPTED: "warning", Outcome.SEEN: "warning"}
    return tones.get(progress.outcome, "success")


def ending(progress: Progress) -> str:
    """Return the effect on access in one sentence; "" while the operation runs."""
    if progress.outcome is None:
        return ""
    if progress.outcome in NOT_DONE:
        return gettext(_not_done(progress, progress.outcome))
    if progress.is_conditional:
        return _fill(messages.GIVEN_UNDER_A_CONDITION, _subject(progress))
    if progress.kind is Kind.REACTIVATE and any(_put_nothing_back(step) for step in progress.steps):
        return _fill(messages.REACTIVATED_ALONE, _subject(progress))
    return _fill(messages.ENDINGS[progress.kind, progress.outcome], _subject(progress))


def _put_nothing_back(step: StepView) -> bool:
    return step.name == StepName.PUT_BACK_STATEMENTS and step.state == StepState.SKIPPED


def _not_done(progress: Progress, ended_as: Outcome) -> str:
    """What became of the repository policy, or the deployment, of an operation that was not done."""
    if progress.kind is Kind.DEPLOY:
        return (messages.DEPLOYED if progress.was_deployed else messages.NOT_DEPLOYED)[ended_as]
    if progress.kind is Kind.BATCH:
        return messages.NOT_DONE_BATCH[ended_as]
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
    """Return an operation's state for screen readers: a new text is a new announcement."""
    if progress.problem:
        return what(progress.problem)
    if progress.ended:
        return ending(progress)
    if progress.current is None:
        return outcome(progress)
    position = {"number": min(progress.done + 1, len(progress.steps)), "total": len(progress.steps)}
    return gettext("Step %(number)s of %(total)s: %(what)s") % {**position, "what": step(progress.current.name)}


def item_state(state: str) -> str:
    """How an item of a batch, or another operation, stands, in a word."""
    words = {"waiting": states.WAITING, "running": states.STILL_RUNNING}
    return gettext(words.get(state) or messages.OUTCOMES[Outcome(state)])


def item_tone(state: str) -> str:
    """The tone of `item_state`."""
    tones = {"waiting": "off", "running": "progress", "failed": "error", "cancelled": "off"}
    return "warning" if state in ("interrupted", "seen") else tones.get(state, "success")


def start_batch(action: Kind, count: int) -> str:
    """What the button says that starts a batch."""
    if action is Kind.REVOKE:
        text = ngettext("Remove %(num)s repository", "Remove %(num)s repositories", count)
    elif action is Kind.REPAIR:
        text = ngettext("Repair access to %(num)s repository", "Repair access to %(num)s repositories", count)
    else:
        text = ngettext("Add %(num)s repository", "Add %(num)s repositories", count)
    return _filled(text, {"num": count})


def batch_line(action: Kind, count: int) -> str:
    """A batch as a line of the history."""
    if action is Kind.UNDO:
        text = ngettext("Undo a batch: %(num)s repository", "Undo a batch: %(num)s repositories", count)
        return _filled(text, {"num": count})
    return start_batch(action, count)


def batch_done(batch: Batch) -> str:
    """How far a batch is."""
    return _fill(states.BATCH_DONE, {"done": batch.done, "total": batch.total})


def plan_state(state: str) -> str:
    """What would become of an item, in a word."""
    return gettext(states.PLAN_STATES[state])


def plan_tone(state: str) -> str:
    """The tone of it."""
    return states.PLAN_TONES[state]


def kinds() -> list[tuple[str, str]]:
    """Return every kind with its label, for a drop-down list."""
    return [(code, kind(code)) for code in Kind]


def outcomes() -> list[tuple[str, str]]:
    """Return every outcome with its label, and the state without one."""
    ended = [(str(code), gettext(messages.OUTCOMES[code])) for code in Outcome]
    return [*ended, ("running", gettext(states.STILL_RUNNING))]


def check_said(check: PermissionCheck) -> str:
    """Return the result of Check permissions: one sentence for what is missing and one for what is unknown."""
    said = []
    if check.missing:
        text = ngettext("%(num)s permission is missing.", "%(num)s permissions are missing.", check.missing)
        said.append(_filled(text, {"num": check.missing}))
    if check.unknown:
        text = ngettext(
            "%(num)s permission couldn't be checked.", "%(num)s permissions couldn't be checked.", check.unknown
        )
        said.append(_filled(text, {"num": check.unknown}))
    return " ".join(said) or gettext("No permission is missing.")


def check_tone(check: PermissionCheck) -> str:
    """Return the tone of `check_said`."""
    if check.missing:
        return "error"
    return "warning" if check.unknown else "success"


def _subject(progress: Progress) -> dict[str, str | int]:
    return {"service": progress.service, "repository": progress.repository}
