"""A verdict on a pull and the reason for it, from what the policies say about the caller."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from app.policy.comparing import moment
from app.policy.conditions import Condition
from app.policy.layers import Layer, Unseen
from app.policy.matching import Cover, Reach, Rule
from app.policy.messages import say
from app.policy.rulebook import Collected, Missed
from app.policy.statement import PULL_ACTIONS

_CONDITIONS_AT_MOST = 10
_LATEST = datetime.max.replace(tzinfo=UTC).timestamp()
_REACHES = list(Reach)


class Access(StrEnum):
    """What access the policies give a principal."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    DENIED = "denied"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True)
class Deciding:
    """A statement that decided: whose policy it is in, its index there (from 0), and how people find it."""

    layer: Layer
    index: int
    label: str

    @classmethod
    def of(cls, rule: Rule) -> Deciding:
        """Return this statement as a deciding one."""
        return cls(rule.layer, rule.index, rule.label)


@dataclass(frozen=True)
class Verdict:
    """Whether a principal may pull, with a readable reason.

    `code` is a key of `messages.WORDS` and `params` fill it. `deciding` are the statements that decided it.
    `missing_actions` are those that no statement allows; `conditions` what it depends on, as texts, and `keys` the
    condition keys (or elements) among them. `unseen` is what may also decide and was not evaluated.
    """

    access: Access
    code: str
    params: dict[str, str | int] = field(default_factory=dict)
    deciding: tuple[Deciding, ...] = ()
    missing_actions: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    unseen: tuple[Unseen, ...] = ()

    @property
    def statements(self) -> tuple[int, ...]:
        """The indices of the deciding statements of the repository's policy."""
        return tuple(statement.index for statement in self.deciding if statement.layer is Layer.REPOSITORY)

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Whose policies decided, the repository's first; empty if no statement is about the principal."""
        return tuple(layer for layer in Layer if any(statement.layer is layer for statement in self.deciding))

    @property
    def sentence(self) -> str:
        """The reason in English."""
        return say(self.code, self.params)


def decided(collected: Collected) -> Verdict | None:
    """Return the verdict of the statements that reach the caller; None if they say nothing about its pulls."""
    if collected.sure:
        return _denied(collected.sure)
    if not collected.allows:
        return None
    missing = tuple(action for action in PULL_ACTIONS if action not in collected.best)
    if missing:
        rest = next((one for one in collected.missed if set(missing) <= set(one.rule.actions)), None)
        return not_met(rest, missing) if rest else _partly(collected.allows, missing)
    allows = collected.deciding()
    surely = not any(cover.doubts for cover in allows)
    if collected.maybe:
        kind, covers = ("maybe_denied", collected.maybe) if surely else ("maybe_both", [*allows, *collected.maybe])
        return _verdict(Access.CONDITIONAL, kind, covers)
    if not surely:
        return _verdict(Access.CONDITIONAL, "maybe_allowed", allows)
    return _verdict(Access.ALLOWED, "allowed", allows, max((cover.reach for cover in allows), key=_REACHES.index))


def not_met(missed: Missed, missing: tuple[str, ...] = PULL_ACTIONS) -> Verdict:
    """Return the verdict if an Allow of the repository policy would cover the caller, but a condition fails.

    `missing` are the actions that no other statement allows.
    """
    rule, failed = missed.rule, missed.decision.failed
    params: dict[str, str | int] = {"statement": rule.label, "conditions": _joined(test.text for test in failed)}
    code = "verdict.condition_not_met"
    if all(test.is_end or test.is_start for test in failed):
        ends = [test for test in failed if test.is_end]
        code = "verdict.allow_ended" if ends else "verdict.allow_not_started"
        params["when"] = _moment_of(ends[0] if ends else failed[0])
    return Verdict(Access.NOT_ALLOWED, code, params, (Deciding.of(rule),), missing)


def _denied(covers: Sequence[Cover]) -> Verdict:
    always = [cover for cover in covers if not cover.rule.tests]
    verdict = _verdict(Access.DENIED, "denied", covers, (always or covers)[0].reach)
    if always or verdict.layers != (Layer.REPOSITORY,):
        return verdict
    conditions = _joined(test.text for cover in covers for test in cover.rule.tests)
    return replace(verdict, code="verdict.denied_by_condition", params={**verdict.params, "conditions": conditions})


def _partly(allows: Sequence[Cover], missing: tuple[str, ...]) -> Verdict:
    code, params = _code("action_missing", allows, None), _params(allows)
    params["actions"] = ", ".join(missing)
    deciding = tuple(Deciding.of(cover.rule) for cover in allows)
    return Verdict(Access.NOT_ALLOWED, code, params, deciding, missing)


def _verdict(access: Access, kind: str, covers: Sequence[Cover], reach: Reach | None = None) -> Verdict:
    doubts = list(dict.fromkeys(doubt for cover in covers for doubt in cover.doubts))[:_CONDITIONS_AT_MOST]
    return Verdict(
        access,
        _code(kind, covers, reach),
        _params(covers),
        tuple(Deciding.of(cover.rule) for cover in covers),
        conditions=tuple(doubt.text for doubt in doubts),
        keys=tuple(dict.fromkeys(doubt.key for doubt in doubts)),
    )


def _code(kind: str, covers: Sequence[Cover], reach: Reach | None) -> str:
    """Return the message code, depending on whether the repository policy or the registry policy decides."""
    layers = {cover.rule.layer for cover in covers}
    if layers == {Layer.REPOSITORY}:
        return f"verdict.{kind}_{reach}" if reach else f"verdict.{kind}"
    kind = "maybe" if kind.startswith("maybe") else kind
    return f"verdict.{kind}_in_registry" if layers == {Layer.REGISTRY} else f"verdict.{kind}_in_both"


def _params(covers: Sequence[Cover]) -> dict[str, str | int]:
    actions = {action for cover in covers for action in cover.actions}
    by_layer = {layer: ", ".join(cover.rule.label for cover in covers if cover.rule.layer is layer) for layer in Layer}
    return {
        "statement": by_layer[Layer.REPOSITORY],
        "registry_statement": by_layer[Layer.REGISTRY],
        "actions": ", ".join(action for action in PULL_ACTIONS if action in actions),
        "conditions": _joined(condition for cover in covers for condition in cover.conditions),
    }


def _joined(texts: Iterable[str]) -> str:
    distinct = list(dict.fromkeys(texts))
    return "; ".join([*distinct[:_CONDITIONS_AT_MOST], *(["…"] if len(distinct) > _CONDITIONS_AT_MOST else [])])


def _moment_of(test: Condition) -> str:
    """Return when the last of a test's alternatives ends, or the first one starts, as the policy writes it.

    Seconds since 1970 are followed by their date.
    """
    choose = max if test.is_end else min
    written = choose(test.values, key=lambda text: moment(text) or 0)
    seconds = moment(written) if written.isdecimal() else None
    if seconds is None or seconds > _LATEST:
        return written
    return f"{written} ({datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ})"
