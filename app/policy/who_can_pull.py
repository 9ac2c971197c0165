"""Who may and who may not pull by a repository's policy, one entry for each that it names. Must never change a policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.policy.arns import WILDCARD
from app.policy.document import PolicyDocument
from app.policy.evaluate import Access, Evaluator, Verdict
from app.policy.layers import Policies
from app.policy.matching import PullPrincipal
from app.policy.principals import PrincipalKind, refer
from app.policy.statement import excluded_by, label, named_by

_MOST_COMPARED = 2_000


@dataclass(frozen=True)
class Reader:
    """Somebody that the policy speaks of, and whether they may pull by it.

    `value` is the principal as the policy names it (`*` for everyone); with `excluded` it means everyone but those.
    `statements` are the labels of those that name it. `service` and `region` are hints, for Lightsail's roles only.
    """

    kind: PrincipalKind
    type: str
    value: str
    verdict: Verdict
    statements: tuple[str, ...]
    excluded: tuple[str, ...] = ()
    service: str = ""
    region: str = ""

    @property
    def access(self) -> Access:
        """What the policy gives them."""
        return self.verdict.access

    @property
    def conditions(self) -> tuple[str, ...]:
        """The tests that it hangs on."""
        return self.verdict.conditions


def readers(
    policies: Policies | str | None, *, repository_arn: str = "", now: datetime | None = None
) -> tuple[Reader, ...]:
    """Everybody that the repository's policy names, in its order, with what the policies give each; nobody for None.

    Callers of the repository's own account may pull by their own IAM policies besides: those are not seen here. The
    arguments are `evaluate`'s; where very many principals meet very many conditions, some of those are left open.

    Raises:
        Problem: as `document.parse`.
    """
    evaluator = Evaluator(policies, repository_arn=repository_arn, now=now, budget=_MOST_COMPARED)
    if evaluator.document is None:
        return ()
    labels: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for statement_label, kind, value, excluded in _spoken_of(evaluator.document):
        labels.setdefault((kind, value, excluded), []).append(statement_label)
    return tuple(_reader(evaluator, key, tuple(where)) for key, where in labels.items())


def _spoken_of(document: PolicyDocument) -> Iterable[tuple[str, str, str, tuple[str, ...]]]:
    for index, statement in enumerate(document.statements):
        statement_label = label(index, statement)
        for kind, value in named_by(statement):
            yield statement_label, kind, value, ()
        left_out = tuple(value for _, value in excluded_by(statement))
        if left_out:
            yield statement_label, "AWS", WILDCARD, left_out


def _reader(evaluator: Evaluator, key: tuple[str, str, tuple[str, ...]], where: tuple[str, ...]) -> Reader:
    kind, value, excluded = key
    verdict = evaluator.verdict(PullPrincipal.named(kind, value))
    principal = refer(kind, value)
    return Reader(principal.kind, kind, value, verdict, where, excluded, principal.service, principal.region)
