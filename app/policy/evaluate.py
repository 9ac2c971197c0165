"""Decides whether a principal may pull, from every policy that can be read, and says why. Changes no policy.

An image puller role belongs to one of AWS's own accounts. ECR therefore treats it as cross-account, and IAM policies in
the reader's account can neither allow nor deny it: the registry policy (in scope V2) and the repository policy decide,
and an organization's resource control policies, which cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property, lru_cache

from app.errors import Problem
from app.policy.arns import NOBODYS_ACCOUNT
from app.policy.document import PolicyDocument, parse
from app.policy.layers import (
    NOT_READ,
    UNSEEN_ORGANIZATION,
    Layer,
    RegistryPolicy,
    RegistryScope,
    Unseen,
    unseen_registry,
)
from app.policy.matching import Doubt, PullPrincipal, Rule, resource_doubts, rules_of
from app.policy.rulebook import Collected, Rulebook
from app.policy.statement import PULL_ACTIONS, Statement, is_allow, label, named_by, strings
from app.policy.verdict import Access, Deciding, Verdict, decided, not_met

MOST_COMPARED = 2_000
"""The `budget` for verdicts on everything that a policy names."""
_TIMED = ("currenttime", "epochtime", "\\u")  # a key may be written with escapes
_LITERAL = re.compile(r"[^*?$]*")
_SCOPE = Doubt("REGISTRY_POLICY_SCOPE = V2", "REGISTRY_POLICY_SCOPE")


def evaluate(
    policy: PolicyDocument | str | None,
    principal_arn: str,
    registry: RegistryPolicy = NOT_READ,
    *,
    repository_arn: str = "",
    now: datetime | None = None,
) -> Verdict:
    """Return whether the image puller role `principal_arn` may run both `PULL_ACTIONS`.

    An explicit Deny in any layer wins; the two actions may be allowed by different statements of different layers.
    What cannot be decided makes the verdict conditional.

    Args:
        policy: the repository's, as text or parsed; None: it has none.
        principal_arn: the role that Lightsail pulls with. If its account isn't known yet ("" or a placeholder for an
            inactive role), conditions on the caller stay open.
        registry: the registry policy, as far as it is known.
        repository_arn: for statements that have a `Resource`; without it, those stay open.
        now: for conditions on the date; without it, those stay open.

    Raises:
        Problem: as `document.parse`, on the repository policy. A registry policy that cannot be parsed is listed in
            `unseen`.
    """
    caller = PullPrincipal.puller(principal_arn)
    budget = 0 if caller.account in ("", NOBODYS_ACCOUNT) else None
    return Evaluator(policy, registry, repository_arn=repository_arn, now=now, budget=budget).verdict(caller)


def not_evaluated(registry: RegistryPolicy) -> tuple[Unseen, ...]:
    """Return what may decide on any pull and is not part of a verdict: of the registry policy, and beyond."""
    return (*_registry_rules(registry, "")[1], UNSEEN_ORGANIZATION)


@lru_cache(maxsize=64)
def decides_on_pulls(registry: RegistryPolicy) -> bool:
    """Return whether a registry policy says anything about pulls from any repository, as far as it is known."""
    return bool(_registry_rules(registry, "")[0])


def opened_by_registry(registry: RegistryPolicy, principal_arn: str) -> tuple[str, ...]:
    """Return the name prefixes of the repositories on which a registry policy may allow the role something.

    "" means any name. Not every name with such a prefix is allowed: use `evaluate` to decide.
    """
    covers = Evaluator(None, registry).collect(PullPrincipal.puller(principal_arn)).allows
    prefixes = (_prefixes(cover.statement) for cover in covers if cover.rule.layer is Layer.REGISTRY)
    return tuple(dict.fromkeys(prefix for each in prefixes for prefix in each))


class RegistryReach:
    """Tells apart the repositories for which different statements of a registry policy may count."""

    def __init__(self, registry: RegistryPolicy) -> None:
        self._statements = [rule.statement for rule in _registry_rules(registry, "")[0]]
        self._version = parse(registry.text).members.get("Version") if self._statements and registry.text else None

    def of(self, repository_arn: str) -> tuple[bool | None, ...]:
        """Return for each statement about pulls whether it reaches the repository; None where that is open."""
        return tuple(
            None if doubts else doubts is not None
            for doubts in (resource_doubts(each, self._version, repository_arn) for each in self._statements)
        )


def _prefixes(statement: Statement) -> tuple[str, ...]:
    patterns = strings(statement.get("Resource", "*"))
    return tuple(_LITERAL.match(pattern.partition(":repository/")[2])[0] for pattern in patterns)  # type: ignore[index]


def is_timed(text: str | None) -> bool:
    """Return whether a policy's verdict may change with time alone; a cheap test, with false positives."""
    if text is None:
        return False
    lower = text.lower()  # and a search for each: an expression that ignores the case takes ten times as long
    return any(word in lower for word in _TIMED)


class Evaluator:
    """The policies, for verdicts on any number of callers; arguments as for `evaluate`.

    With a `budget`, such as `MOST_COMPARED`, only that many condition values are compared for single callers; the rest stay open.
    """

    def __init__(
        self,
        policy: PolicyDocument | str | None,
        registry: RegistryPolicy = NOT_READ,
        *,
        repository_arn: str = "",
        now: datetime | None = None,
        budget: int | None = None,
    ) -> None:
        self.document = parse(policy) if isinstance(policy, str) else policy
        registry_rules, unseen = _registry_rules(registry, repository_arn)
        self._unseen = (*unseen, UNSEEN_ORGANIZATION)
        self._nothing_allows = self.document is None and not any(rule.allows for rule in registry_rules)
        rules = [*_repository_rules(self.document, repository_arn), *registry_rules]
        self._book = Rulebook(rules, repository_arn=repository_arn, now=now, budget=budget)

    def collect(self, caller: PullPrincipal) -> Collected:
        """Return the statements about the caller's pulls."""
        return self._book.collect(caller)

    def verdict(self, caller: PullPrincipal) -> Verdict:
        """Return whether the caller may pull."""
        collected = self.collect(caller)
        verdict = decided(collected)
        if verdict is None:
            verdict = not_met(collected.missed[0]) if collected.missed else self._not_allowed(caller)
        return replace(verdict, unseen=self._unseen)

    def _not_allowed(self, caller: PullPrincipal) -> Verdict:
        if self._nothing_allows:
            return Verdict(Access.NOT_ALLOWED, "verdict.no_policy", missing_actions=PULL_ACTIONS)
        naming = self._named.get((caller.type, caller.value))
        if naming is None:
            return Verdict(Access.NOT_ALLOWED, "verdict.not_named", missing_actions=PULL_ACTIONS)
        params: dict[str, str | int] = {"statement": naming.label, "actions": ", ".join(PULL_ACTIONS)}
        return Verdict(Access.NOT_ALLOWED, "verdict.other_actions", params, (naming,), PULL_ACTIONS)

    @cached_property
    def _named(self) -> dict[tuple[str, str], Deciding]:
        """The first Allow of the repository policy that names each principal."""
        named: dict[tuple[str, str], Deciding] = {}
        for index, statement in enumerate(self.document.statements if self.document else ()):
            if is_allow(statement):
                naming = Deciding(Layer.REPOSITORY, index, label(index, statement))
                for principal in named_by(statement):
                    named.setdefault(principal, naming)
        return named


def _repository_rules(document: PolicyDocument | None, repository_arn: str) -> Iterator[Rule]:
    if document is None:
        return iter(())
    return rules_of(
        document.statements,
        PULL_ACTIONS,
        layer=Layer.REPOSITORY,
        version=document.members.get("Version"),
        repository_arn=repository_arn,
    )


def _registry_rules(registry: RegistryPolicy, repository_arn: str) -> tuple[list[Rule], tuple[Unseen, ...]]:
    """Return the registry policy's statements, and what of it was not evaluated. Under V1 none of them counts."""
    if not registry.read or registry.text is None or registry.scope is RegistryScope.V1:
        return [], unseen_registry(registry)
    try:
        document = parse(registry.text)
    except Problem as problem:
        return [], unseen_registry(registry, problem.code)
    rules = rules_of(
        document.statements,
        PULL_ACTIONS,
        layer=Layer.REGISTRY,
        version=document.members.get("Version"),
        repository_arn=repository_arn,
    )
    if registry.scope is RegistryScope.V2:
        return list(rules), unseen_registry(registry)
    return [replace(rule, doubts=(*rule.doubts, _SCOPE)) for rule in rules], unseen_registry(registry)
