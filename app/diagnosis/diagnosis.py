"""From facts to a diagnosis: every check in the order in which AWS fails, and the root cause first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import ORDER, Check, CheckResult, Found, Sentence, Status, not_reached
from app.diagnosis.checks.container import check_container
from app.diagnosis.checks.image import check_image
from app.diagnosis.checks.organization import check_organization, is_refused_and_fine
from app.diagnosis.checks.platform import check_platform
from app.diagnosis.checks.policies import check_policy, check_registry
from app.diagnosis.checks.repository import check_repository
from app.diagnosis.checks.role import check_role
from app.diagnosis.checks.service import check_service
from app.diagnosis.checks.size import check_size
from app.diagnosis.checks.uri import check_uri
from app.diagnosis.facts import Facts, Known

# Reported only if nothing else is found.
GUESSES: Final = frozenset(
    {"organization.denied", "container.took_too_long", "deployment.outdated", "deployment.unexplained"}
)
# What no reader can check, and what is checked only on request.
_LEFT_OPEN: Final = frozenset(
    {
        (Check.ORGANIZATION, "not_checked.organization"),
        (Check.PLATFORM, "not_checked.not_read"),
        (Check.PLATFORM, "not_checked.no_config"),
    }
)


@dataclass(frozen=True)
class CheckLine:
    """One check and how it came out."""

    check: Check
    status: Status
    said: Sentence
    permission: str = ""


@dataclass(frozen=True)
class Diagnosis:
    """Why an image can't be pulled or doesn't run. `causes`: the root cause first; empty where none was found.

    `undetermined`: nothing wrong was found, and something that could be wrong could not be checked.
    `read_manifest`: the image's manifest was read, which ECR records as a pull.
    """

    facts: Facts
    lines: tuple[CheckLine, ...]
    causes: tuple[Found, ...]
    read_manifest: bool = False

    @property
    def root(self) -> Found | None:
        """The cause that takes effect first."""
        return self.causes[0] if self.causes else None

    @property
    def undetermined(self) -> bool:
        """Whether a cause may exist although none was found."""
        return not self.causes and any(
            line.status is Status.NOT_CHECKED and (line.check, line.said.code) not in _LEFT_OPEN for line in self.lines
        )


def diagnose(facts: Facts) -> Diagnosis:
    """Return the outcome of every check, and the causes in the order in which they take effect."""
    outcomes: dict[Check, CheckResult] = {Check.SERVICE: check_service(facts), Check.URI: check_uri(facts)}
    outcomes[Check.ROLE] = check_role(facts)
    outcomes[Check.REPOSITORY] = check_repository(facts, outcomes[Check.URI])
    outcomes[Check.POLICY] = check_policy(facts)
    outcomes[Check.REGISTRY] = check_registry(facts)
    outcomes[Check.IMAGE] = check_image(facts)
    outcomes[Check.PLATFORM] = check_platform(facts, outcomes[Check.IMAGE])
    outcomes[Check.SIZE] = check_size(facts, outcomes[Check.IMAGE])
    outcomes[Check.ORGANIZATION] = check_organization(facts, outcomes)
    pulls_now = is_refused_and_fine(facts, outcomes)
    outcomes[Check.CONTAINER] = check_container(facts, explained=_is_explained(outcomes), pulls_now=pulls_now)
    lines = tuple(_line(check, outcomes[check]) for check in ORDER)
    return Diagnosis(facts, lines, _ordered(outcomes), isinstance(facts.manifest, Known))


def diagnose_all(facts: Sequence[Facts]) -> tuple[Diagnosis, ...]:
    """Return a diagnosis for each container, without the guesses that `without_guesses` drops."""
    return without_guesses(tuple(map(diagnose, facts)))


def without_guesses(diagnoses: Sequence[Diagnosis]) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of a deployment's images, without guesses about one if another explains the failure."""
    if not any(map(explains, diagnoses)):
        return tuple(diagnoses)
    return tuple(map(_proven, diagnoses))


def explains(diagnosis: Diagnosis) -> bool:
    """Return whether a lasting cause was found that is not just the last remaining explanation."""
    return any(not cause.yields and not _is_guess(cause) for cause in diagnosis.causes)


def most_telling(diagnoses: Sequence[Diagnosis]) -> Diagnosis:
    """Return the diagnosis to show of several containers: one that explains the failure, else the first with a cause."""
    return min(
        diagnoses, key=lambda each: (not explains(each), each.root is None, bool(each.root and each.root.yields))
    )


def _proven(diagnosis: Diagnosis) -> Diagnosis:
    causes = tuple(cause for cause in diagnosis.causes if not _is_guess(cause))
    explained = {CAUSES[cause.code].check for cause in causes}
    lines = (
        _line(line.check, not_reached()) if line.status is Status.CAUSE and line.check not in explained else line
        for line in diagnosis.lines
    )
    return replace(diagnosis, causes=causes, lines=tuple(lines))


def _is_guess(cause: Found) -> bool:
    """Return whether it is named for want of a better one, as a public image is that no private one is known for."""
    return cause.code in GUESSES or (cause.code == "uri.not_private" and not cause.params["suggested"])


def _is_explained(outcomes: Mapping[Check, CheckResult]) -> bool:
    return any(cause for outcome in outcomes.values() for cause in outcome.causes if not cause.yields)


def _ordered(outcomes: Mapping[Check, CheckResult]) -> tuple[Found, ...]:
    causes = [cause for check in ORDER for cause in outcomes[check].causes]
    return tuple(sorted(causes, key=lambda cause: cause.yields))


def _line(check: Check, outcome: CheckResult) -> CheckLine:
    return CheckLine(check, outcome.status, outcome.said, outcome.permission)
