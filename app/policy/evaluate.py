"""Is this principal allowed to pull? From the repository's policy alone, and why. Must never change a policy.

An image puller role belongs to an account of AWS's own. ECR therefore treats it as another account's, and the
repository's policy alone decides: nothing in the reader's own account can allow or deny it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.policy.document import PolicyDocument, parse
from app.policy.matching import Caller, Cover, Reach, cover
from app.policy.statement import PULL_ACTIONS, is_allow, label, named_by


class Access(StrEnum):
    """What a policy gives a principal."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    DENIED = "denied"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True)
class Verdict:
    """Whether a principal may pull, with a reason to read.

    `code` is a key of `words.WORDS` and `params` fill it. `statements` are the indices (0-based) of the statements
    that decided it. `missing_actions` are those that no statement allows; `conditions` the tests it hangs on.
    """

    access: Access
    code: str
    params: dict[str, str | int] = field(default_factory=dict)
    statements: tuple[int, ...] = ()
    missing_actions: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


def evaluate(text: str | None, principal_arn: str, *, repository_arn: str = "") -> Verdict:
    """Whether the policy lets `principal_arn` run both `PULL_ACTIONS`; `text` is None where there is no policy.

    An explicit Deny wins; one with a Condition, like an Allow with one, makes it conditional. The two actions may be
    allowed by different statements. Give `repository_arn` to judge statements that have a `Resource`.

    Raises:
        Problem: as `document.parse`.
    """
    if text is None:
        return Verdict(Access.NOT_ALLOWED, "verdict.no_policy", missing_actions=PULL_ACTIONS)
    return judge(parse(text), Caller.of(principal_arn), repository_arn=repository_arn)


def judge(document: PolicyDocument, caller: Caller, *, repository_arn: str = "") -> Verdict:
    """As `evaluate`, of a policy that is read already and for any kind of caller."""
    covers = covers_of(document, caller, repository_arn=repository_arn)
    denies = [found for found in covers if not is_allow(found.statement)]
    allows = [found for found in covers if is_allow(found.statement)]
    sure = [found for found in denies if not found.conditions]
    if sure:
        return _verdict(Access.DENIED, f"verdict.denied_{sure[0].reach}", sure)
    missing = _missing(allows)
    if missing:
        return _not_allowed(document, caller, allows, missing)
    if denies:
        return _verdict(Access.CONDITIONAL, "verdict.maybe_denied", denies)
    firm = [found for found in allows if not found.conditions]
    if _missing(firm):
        return _verdict(Access.CONDITIONAL, "verdict.maybe_allowed", _deciding(allows))
    deciding = _deciding(firm)
    return _verdict(Access.ALLOWED, f"verdict.allowed_{_loosest(deciding)}", deciding)


def covers_of(document: PolicyDocument, caller: Caller, *, repository_arn: str = "") -> tuple[Cover, ...]:
    """Every statement that says something on the caller's pulling."""
    found = (
        cover(index, statement, caller, PULL_ACTIONS, repository_arn)
        for index, statement in enumerate(document.statements)
    )
    return tuple(one for one in found if one is not None)


def firmly_allowing(covers: Iterable[Cover]) -> tuple[Cover, ...]:
    """The statements that together allow both actions without any condition; none where they do not suffice.

    Denies are not weighed: no Allow that is added could help against them.
    """
    firm = [found for found in covers if is_allow(found.statement) and not found.conditions]
    return () if _missing(firm) else tuple(_deciding(firm))


def _missing(allows: Iterable[Cover]) -> tuple[str, ...]:
    allowed = {action for found in allows for action in found.actions}
    return tuple(action for action in PULL_ACTIONS if action not in allowed)


def _deciding(allows: Sequence[Cover]) -> list[Cover]:
    """The fewest statements to name: for each action the first of the best, by name before by account or everyone."""
    order = list(Reach)
    best = sorted(allows, key=lambda found: (bool(found.conditions), order.index(found.reach), -len(found.actions)))
    chosen = {next(found.index for found in best if action in found.actions) for action in PULL_ACTIONS}
    return [found for found in allows if found.index in chosen]


def _loosest(covers: Iterable[Cover]) -> Reach:
    order = list(Reach)
    return max((found.reach for found in covers), key=order.index)


def _not_allowed(
    document: PolicyDocument, caller: Caller, allows: Sequence[Cover], missing: tuple[str, ...]
) -> Verdict:
    if allows:
        params = {**_params(allows), "actions": ", ".join(missing)}
        indices = tuple(found.index for found in allows)
        return Verdict(Access.NOT_ALLOWED, "verdict.action_missing", params, indices, missing)
    for index, statement in enumerate(document.statements):
        if is_allow(statement) and (caller.type, caller.value) in named_by(statement):
            params = {"statement": label(index, statement), "actions": ", ".join(missing)}
            return Verdict(Access.NOT_ALLOWED, "verdict.other_actions", params, (index,), missing)
    return Verdict(Access.NOT_ALLOWED, "verdict.not_named", missing_actions=missing)


def _verdict(access: Access, code: str, covers: Sequence[Cover]) -> Verdict:
    conditions = tuple(condition for found in covers for condition in found.conditions)
    return Verdict(access, code, _params(covers), tuple(found.index for found in covers), (), conditions)


def _params(covers: Sequence[Cover]) -> dict[str, str | int]:
    conditions = [condition for found in covers for condition in found.conditions]
    actions = {action for found in covers for action in found.actions}
    return {
        "statement": ", ".join(label(found.index, found.statement) for found in covers),
        "actions": ", ".join(action for action in PULL_ACTIONS if action in actions),
        "conditions": "; ".join(conditions),
    }
