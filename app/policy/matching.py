"""Whether a statement's elements cover a caller, an action, a repository. Must never weigh Allow against Deny."""

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


class Reach(StrEnum):
    """How a statement comes to cover a caller."""

    NAMED = "named"
    ACCOUNT = "account"
    EVERYONE = "everyone"
    OTHERS = "others"


@dataclass(frozen=True)
class PullPrincipal:
    """Whoever asks: a principal as a policy would name it, and the account it belongs to."""

    type: str
    value: str
    account: str
    is_puller: bool = False

    @classmethod
    def of(cls, principal_arn: str) -> PullPrincipal:
        """The caller that an IAM identity's ARN names."""
        return cls.named("AWS", principal_arn)

    @classmethod
    def puller(cls, principal_arn: str) -> PullPrincipal:
        """The image puller role of a container service, whatever its ARN looks like."""
        return replace(cls.of(principal_arn), is_puller=True)

    @classmethod
    def named(cls, principal_type: str, value: str) -> PullPrincipal:
        """The caller that stands under this type in a `Principal` element."""
        return cls(principal_type, value, account_of(value) if principal_type == "AWS" else "")

    @property
    def form(self) -> tuple[str, str]:
        """What all ways to name it have in common."""
        return self.type, same_form(self.value)

    def request(self, repository_arn: str, now: datetime | None) -> RequestContext:
        """Its pull from a repository."""
        request = RequestContext.of(self.type, self.value, repository_arn, now)
        is_role = request.kind is PrincipalKind.ROLE
        return replace(request, kind=PrincipalKind.PULLER) if self.is_puller and is_role else request


class Doubt(NamedTuple):
    """What a statement's effect depends on and cannot be told: a text for people, and the key or element it is about."""

    text: str
    key: str

    @classmethod
    def of(cls, test: Condition) -> Doubt:
        """That this test is open."""
        return cls(test.text, test.key)


@dataclass(frozen=True, eq=False)
class Rule:
    """A statement that says something on the actions asked for, made ready to be asked about any caller.

    `doubts` are what is open about it for every caller, such as its `Resource` where the repository is not known.
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
        """How people find the statement in its policy."""
        return label(self.index, self.statement)

    @cached_property
    def is_personal(self) -> bool:
        """Whether its conditions may turn out differently for two callers that it covers alike."""
        return any(test.is_personal for test in self.tests)

    @cached_property
    def cost(self) -> int:
        """How many values its conditions compare."""
        return sum(len(test.values) for test in self.tests)

    @cached_property
    def all_doubts(self) -> tuple[Doubt, ...]:
        """Its doubts with every test left open."""
        return (*self.doubts, *map(Doubt.of, self.tests))

    def decide(self, request: RequestContext) -> Decision:
        """What the statement's conditions come to for a request."""
        answers = [(test, test.holds(request)) for test in self.tests]
        failed = tuple(test for test, answer in answers if answer is False)
        if failed:
            return Decision(failed=failed)
        return Decision((*self.doubts, *(Doubt.of(test) for test, answer in answers if answer is None)))


class Decision(NamedTuple):
    """What stays open about a statement, or the tests that fail and so keep it from applying."""

    doubts: tuple[Doubt, ...] = ()
    failed: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Cover:
    """A statement that covers a caller: how, and what it hangs on beyond that. Without `doubts` it always applies."""

    rule: Rule
    reach: Reach
    doubts: tuple[Doubt, ...] = ()

    @property
    def index(self) -> int:
        """The statement's place in its policy, from 0."""
        return self.rule.index

    @property
    def statement(self) -> Statement:
        """The statement."""
        return self.rule.statement

    @property
    def actions(self) -> tuple[str, ...]:
        """Those of the actions asked for that it covers."""
        return self.rule.actions

    @property
    def conditions(self) -> tuple[str, ...]:
        """Its doubts as texts for people."""
        return tuple(doubt.text for doubt in self.doubts)


def rules_of(
    statements: Iterable[Statement], actions: tuple[str, ...], *, layer: Layer, version: object, repository_arn: str
) -> Iterator[Rule]:
    """The statements that may say something on any of these actions at this repository, made ready."""
    for index, statement in enumerate(statements):
        covered = tuple(action for action in actions if covers_action(statement, action))
        doubts = resource_doubts(statement, version, repository_arn) if covered else None
        if doubts is not None:
            yield Rule(layer, index, statement, covered, conditions_of(statement, version), doubts)


def covers_action(statement: Statement, action: str) -> bool:
    """Whether `Action` or `NotAction` covers the action; case does not count, `*` and `?` stand for any."""
    element = "NotAction" if "NotAction" in statement else "Action"
    matches = any(_like(pattern.lower(), action.lower()) for pattern in strings(statement[element]))
    return matches is (element == "Action")


def resource_doubts(statement: Statement, version: object, repository_arn: str) -> tuple[Doubt, ...] | None:
    """What is open about `Resource` or `NotResource`; None where it leaves this repository out."""
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
    return _like(pattern, repository_arn)


def _like(pattern: str, text: str) -> bool:
    if "*" not in pattern and "?" not in pattern:
        return pattern == text
    return glob(pattern).matches(text)
