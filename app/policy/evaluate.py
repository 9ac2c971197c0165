"""Is this principal allowed to pull? From every policy that can be read, and why. Must never change a policy.

An image puller role belongs to an account of AWS's own. ECR therefore treats it as another account's, and nothing in
IAM of the reader's own account can allow or deny it: the registry's policy (in scope V2) and the repository's decide,
and an organization's resource control policies, which cannot be read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from app.errors import Problem
from app.policy.document import PolicyDocument, parse
from app.policy.layers import (
    UNSEEN_ORGANIZATION,
    Layer,
    Policies,
    RegistryPolicy,
    RegistryScope,
    Unseen,
    unseen_registry,
)
from app.policy.matching import Caller, Doubt, Rule, rules_of
from app.policy.rulebook import Collected, Rulebook
from app.policy.statement import PULL_ACTIONS, is_allow, label, named_by
from app.policy.verdict import Access, Deciding, Verdict, decided, not_met

__all__ = ["Access", "Deciding", "Evaluator", "Verdict", "evaluate", "is_timed"]

_TIMED = re.compile(r"currenttime|epochtime|\\u", re.IGNORECASE)  # a key may be written with escapes
_SCOPE = Doubt("REGISTRY_POLICY_SCOPE = V2", "REGISTRY_POLICY_SCOPE")


def evaluate(
    policies: Policies | str | None, principal_arn: str, *, repository_arn: str = "", now: datetime | None = None
) -> Verdict:
    """Whether the image puller role `principal_arn` may run both `PULL_ACTIONS`.

    An explicit Deny in any layer wins; the two actions may be allowed by different statements of different layers.
    What cannot be decided makes it conditional.

    Args:
        policies: all that was read, or the repository's policy alone (None: it has none).
        principal_arn: the role that Lightsail pulls with.
        repository_arn: to judge statements that have a `Resource`; without it, those stay open.
        now: to judge conditions on the date; without it, those stay open.

    Raises:
        Problem: as `document.parse`, on the repository's policy. A registry's policy that cannot be understood is told in
            `unseen`.
    """
    return Evaluator(policies, repository_arn=repository_arn, now=now).verdict(Caller.puller(principal_arn))


def is_timed(text: str | None) -> bool:
    """Whether a policy's verdict may change with the time alone; a cheap test that may say yes of one that does not."""
    return text is not None and _TIMED.search(text) is not None


class Evaluator:
    """The policies read once, to be asked about any number of callers; arguments as `evaluate`'s.

    With a `budget`, only so many values of conditions are compared for single callers; beyond, they are left open.
    """

    def __init__(
        self,
        policies: Policies | str | None,
        *,
        document: PolicyDocument | None = None,
        repository_arn: str = "",
        now: datetime | None = None,
        budget: int | None = None,
    ) -> None:
        policies = Policies.of(policies)
        text = policies.repository
        self.document = parse(text) if document is None and text is not None else document
        registry, unseen = _registry_rules(policies.registry, repository_arn)
        self._unseen = (*unseen, UNSEEN_ORGANIZATION)
        self._nothing_allows = self.document is None and not any(rule.allows for rule in registry)
        rules = [*_repository_rules(self.document, repository_arn), *registry]
        self._book = Rulebook(rules, repository_arn=repository_arn, now=now, budget=budget)

    def collect(self, caller: Caller) -> Collected:
        """The statements that speak of the caller's pulling."""
        return self._book.collect(caller)

    def verdict(self, caller: Caller) -> Verdict:
        """Whether the caller may pull."""
        collected = self.collect(caller)
        verdict = decided(collected)
        if verdict is None:
            verdict = not_met(collected.missed) if collected.missed else self._not_allowed(caller)
        return replace(verdict, unseen=self._unseen)

    def _not_allowed(self, caller: Caller) -> Verdict:
        if self._nothing_allows:
            return Verdict(Access.NOT_ALLOWED, "verdict.no_policy")
        naming = self._named.get((caller.type, caller.value))
        if naming is None:
            return Verdict(Access.NOT_ALLOWED, "verdict.not_named")
        params: dict[str, str | int] = {"statement": naming.label, "actions": ", ".join(PULL_ACTIONS)}
        return Verdict(Access.NOT_ALLOWED, "verdict.other_actions", params, (naming,))

    @cached_property
    def _named(self) -> dict[tuple[str, str], Deciding]:
        """The first Allow of the repository's policy that names each principal."""
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
    """The statements of the registry's policy, and what of it was not looked at. Under V1 none of them counts."""
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
