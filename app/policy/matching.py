"""Whether a statement's elements match a caller, an action, a repository. Does not weigh Allow against Deny."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from app.policy.arns import WILDCARD, account_of, same_form
from app.policy.conditions import VARIABLES_SINCE, Condition, any_of, conditions_of
from app.policy.context_keys import RequestContext
from app.policy.glob import glob
from app.policy.layers import Layer
from app.policy.principals import PrincipalKind
from app.policy.statement import Statement, is_allow, label, strings

_LONG_VALUE = 16  # characters
_ARN_COLONS = 5
# Of one statement's conditions, for each caller: a verdict that names these leaves nothing certain that is not.
_NAMED_AT_MOST = 20


class Reach(StrEnum):
    """How a statement reaches a caller."""

    NAMED = "named"
    ACCOUNT = "account"
    EVERYONE = "everyone"
    OTHERS = "others"


@dataclass(frozen=True)
class PullPrincipal:
    """The caller: a principal as a policy would name it, and the account it belongs to."""

    type: str
    value: str
    account: str
    is_puller: bool = False

    @classmethod
    def of(cls, principal_arn: str) -> PullPrincipal:
        """Return the caller that an IAM identity's ARN names."""
        return cls.named("AWS", principal_arn)

    @classmethod
    def puller(cls, principal_arn: str) -> PullPrincipal:
        """Return the image puller role of a container service as the caller, whatever its ARN looks like."""
        return replace(cls.of(principal_arn), is_puller=True)

    @classmethod
    def named(cls, principal_type: str, value: str) -> PullPrincipal:
        """Return the caller that a `Principal` element names under this type."""
        return cls(principal_type, value, account_of(value) if principal_type == "AWS" else "")

    @property
    def form(self) -> tuple[str, str]:
        """The form shared by all ways to name it."""
        return self.type, same_form(self.value)

    def request(self, repository_arn: str, now: datetime | None) -> RequestContext:
        """Return its pull from a repository."""
        request = RequestContext.of(self.type, self.value, repository_arn, now)
        is_role = request.kind is PrincipalKind.ROLE
        return replace(request, kind=PrincipalKind.PULLER) if self.is_puller and is_role else request


class Doubt(NamedTuple):
    """An unknown that a statement's effect depends on: a text for people, and the key or element it is about."""

    text: str
    key: str

    @classmethod
    def of(cls, test: Condition) -> Doubt:
        """Return the doubt that this test is open."""
        return cls(test.text, test.key)


@dataclass(frozen=True, eq=False)
class Rule:
    """A statement about the requested actions, compiled for matching any caller.

    `doubts` are what is open about it for every caller, such as its `Resource` if the repository is not known.
    """

    layer: Layer
    index: int
    statement: Statement
    actions: tuple[str, ...]
    tests: tuple[Condition, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    @cached_property
    def allows(self) -> bool:
        """Whether it allows; else it denies."""
        return is_allow(self.statement)

    @cached_property
    def label(self) -> str:
        """The name by which people find the statement in its policy."""
        return label(self.index, self.statement)

    @cached_property
    def is_personal(self) -> bool:
        """Whether its conditions may differ between two callers that it covers."""
        return any(test.is_personal for test in self.tests)

    @cached_property
    def cost(self) -> int:
        """How much its conditions compare: each test, each value, and the length of long ones."""
        return sum(1 + sum(1 + len(value) // _LONG_VALUE for value in test.values) for test in self.tests)

    @cached_property
    def all_doubts(self) -> tuple[Doubt, ...]:
        """Its doubts with every test left open, the first of them."""
        return (*self.doubts, *map(Doubt.of, self.tests[:_NAMED_AT_MOST]))

    def decide(self, request: RequestContext) -> Decision:
        """Return the result of the statement's conditions for a request."""
        answers = [(test, test.holds(request)) for test in self.tests]
        failed = tuple(test for test, answer in answers if answer is False)
        if failed:
            return Decision(failed=failed[:_NAMED_AT_MOST])
        unknown = [Doubt.of(test) for test, answer in answers if answer is None]
        return Decision((*self.doubts, *unknown[:_NAMED_AT_MOST]))


class Decision(NamedTuple):
    """What stays open about a statement, or the failed tests that keep it from applying."""

    doubts: tuple[Doubt, ...] = ()
    failed: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Cover:
    """A statement that covers a caller: how, and what else it depends on. Without `doubts` it always applies."""

    rule: Rule
    reach: Reach
    doubts: tuple[Doubt, ...] = ()

    @property
    def index(self) -> int:
        """The statement's index in its policy, from 0."""
        return self.rule.index

    @property
    def statement(self) -> Statement:
        """The statement."""
        return self.rule.statement

    @property
    def actions(self) -> tuple[str, ...]:
        """The requested actions that it covers."""
        return self.rule.actions

    @property
    def conditions(self) -> tuple[str, ...]:
        """Its doubts as texts for people."""
        return tuple(doubt.text for doubt in self.doubts)


def rules_of(
    statements: Iterable[Statement], actions: tuple[str, ...], *, layer: Layer, version: object, repository_arn: str
) -> Iterator[Rule]:
    """Return the statements about any of these actions on this repository, compiled."""
    for index, statement in enumerate(statements):
        covered = tuple(action for action in actions if covers_action(statement, action))
        empty = _empty_exclusions(statement)
        if not covered or (empty and is_allow(statement)):
            continue
        doubts = resource_doubts(statement, version, repository_arn)
        if doubts is not None:
            yield Rule(layer, index, statement, covered, conditions_of(statement, version), (*doubts, *empty))


def _empty_exclusions(statement: Statement) -> tuple[Doubt, ...]:
    """Return what is open about a `NotAction` or `NotResource` without values: whether its statement denies.

    It excludes nothing, and by AWS's policy checks a statement with one gives no permission.
    """
    empty = [element for element in ("NotAction", "NotResource") if statement.get(element) == []]
    return tuple(Doubt(f"{element} = []", element) for element in empty)


def covers_action(statement: Statement, action: str) -> bool:
    """Return whether `Action` or `NotAction` covers the action; case is ignored, `*` and `?` are wildcards."""
    element = "NotAction" if "NotAction" in statement else "Action"
    matches = any(_like(pattern.lower(), action.lower()) for pattern in strings(statement[element]))
    return matches is (element == "Action")


def resource_doubts(statement: Statement, version: object, repository_arn: str) -> tuple[Doubt, ...] | None:
    """Return what is open about `Resource` or `NotResource`; None where it leaves this repository out."""
    for element in ("Resource", "NotResource"):
        if element not in statement:
            continue
        patterns = strings(statement[element])
        answer = any_of(_is_resource(pattern, version, repository_arn) for pattern in patterns)
        if answer is None:
            return (Doubt(Condition(element, "", patterns).text, element),)
        if answer is not (element == "Resource"):
            return None
    return ()


def _is_resource(pattern: str, version: object, repository_arn: str) -> bool | None:
    if pattern == WILDCARD:
        return True
    if not repository_arn or ("${" in pattern and version == VARIABLES_SINCE):
        return None
    if pattern.startswith("arn:") and pattern.count(":") < _ARN_COLONS and not pattern.endswith(WILDCARD):
        return None  # an incomplete ARN: AWS completes it in identity policies; for resource policies it doesn't say
    return _like(pattern, repository_arn)


def _like(pattern: str, text: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    return glob(pattern).matches(text)
