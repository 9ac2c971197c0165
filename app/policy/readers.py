"""Who may and who may not pull by a repository's policy, one entry for each that it names. Must never change a policy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.policy.arns import WILDCARD, account_of
from app.policy.document import PolicyDocument, parse
from app.policy.evaluate import Access, Verdict, judge
from app.policy.matching import Caller
from app.policy.principals import PrincipalKind, refer
from app.policy.statement import excluded_by, label, named_by


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


def readers(text: str | None, *, repository_arn: str = "") -> tuple[Reader, ...]:
    """Everybody that the policy names, in its order, with what it gives each; nobody for None.

    Callers of the repository's own account may pull by their own IAM policies besides: those are not seen here.

    Raises:
        Problem: as `document.parse`.
    """
    if text is None:
        return ()
    document = parse(text)
    places: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for place, kind, value, excluded in _spoken_of(document):
        places.setdefault((kind, value, excluded), []).append(place)
    return tuple(_reader(document, key, tuple(where), repository_arn) for key, where in places.items())


def _spoken_of(document: PolicyDocument) -> Iterable[tuple[str, str, str, tuple[str, ...]]]:
    for index, statement in enumerate(document.statements):
        place = label(index, statement)
        for kind, value in named_by(statement):
            yield place, kind, value, ()
        left_out = tuple(value for _, value in excluded_by(statement))
        if left_out:
            yield place, "AWS", WILDCARD, left_out


def _reader(
    document: PolicyDocument, key: tuple[str, str, tuple[str, ...]], where: tuple[str, ...], repository_arn: str
) -> Reader:
    kind, value, excluded = key
    account = account_of(value) if kind == "AWS" else ""
    verdict = judge(document, Caller(kind, value, account), repository_arn=repository_arn)
    one = refer(kind, value)
    return Reader(one.kind, kind, value, verdict, where, excluded, one.service, one.region)
