"""Who may and who may not pull by a repository's policy, one entry for each principal in it. Changes no policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from app.policy.arns import WILDCARD
from app.policy.document import PolicyDocument
from app.policy.evaluate import MOST_COMPARED, Evaluator
from app.policy.layers import NOT_READ, RegistryPolicy
from app.policy.matching import PullPrincipal
from app.policy.principals import PrincipalKind, refer
from app.policy.statement import excluded_by, label, named_by
from app.policy.verdict import Access, Verdict


@dataclass(frozen=True)
class Reader:
    """A principal in the policy, and whether it may pull.

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
        """What access the policy gives it."""
        return self.verdict.access

    @property
    def conditions(self) -> tuple[str, ...]:
        """The conditions it depends on."""
        return self.verdict.conditions


def readers(
    policy: PolicyDocument | str | None,
    registry: RegistryPolicy = NOT_READ,
    *,
    repository_arn: str = "",
    now: datetime | None = None,
) -> tuple[Reader, ...]:
    """Return every principal that the repository's policy names, in its order, with its access; empty for None.

    Callers in the repository's own account may also pull by their IAM policies: those are not evaluated here. The
    arguments are those of `evaluate`; with very many principals and conditions, some conditions stay open.

    Raises:
        Problem: as `document.parse`.
    """
    evaluator = Evaluator(policy, registry, repository_arn=repository_arn, now=now, budget=MOST_COMPARED)
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
