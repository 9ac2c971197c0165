"""From which repositories a principal can pull, by the policies we know. Judges only policies that may cover it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import Database
from app.errors import Problem
from app.inventory.models import PolicyPrincipal, SeenRepository
from app.inventory.pull_counts import begins_with, openings, principals_of
from app.inventory.registries import KnownRegistry, registries_in
from app.policy.arns import account_named, account_of, is_arn, service_of
from app.policy.evaluate import Evaluator
from app.policy.layers import NOT_READ
from app.policy.matching import PullPrincipal
from app.policy.verdict import Access, Verdict

LIMIT = 500
"""Repositories that are judged for one answer."""


@dataclass(frozen=True)
class PrincipalAccess:
    """What the policies of one repository give the principal; `verdict` None: the policy can't be understood."""

    region: str
    repository: str
    verdict: Verdict | None
    read_at: datetime | None


@dataclass(frozen=True)
class PrincipalAnswer:
    """The repositories whose policy may be about a principal, by name; `left_out` more were not judged.

    `unread` repositories may be about it too: their policy was never read.
    """

    principal: str
    account: str
    rows: tuple[PrincipalAccess, ...]
    left_out: int = 0
    unread: int = 0


def clean_principal(text: str) -> str:
    """Return the principal as a policy would name it: an IAM or STS ARN, or an account's root ARN.

    Raises:
        Problem: `principal.bad_arn` for anything else.
    """
    value = text.strip().strip("\"'")
    account = account_named(value)
    if account:
        return value if value.startswith("arn:") else f"arn:aws:iam::{account}:root"
    if not is_arn(value):
        raise Problem("principal.bad_arn", value=value[:200])
    return value


def repositories_for(
    db: Database, connection: str, principal: str, now: datetime, *, limit: int = LIMIT
) -> PrincipalAnswer:
    """Return what the policies give a principal, as `clean_principal` returns it.

    Callers of the repository's own account may also pull by their own IAM policies: those aren't seen here.
    """
    account = account_of(principal)
    repository = SeenRepository
    with db.read() as session:
        registries = registries_in(session, connection)
        concerned = _named(session, connection, principal) | _opened(session, connection, principal, registries)
        keys = sorted(concerned, key=lambda key: (key[1], key[0]))
        chosen = keys[:limit]
        verdicts = _judged(session, connection, principal, chosen, registries, now)
        unread = session.scalar(
            select(func.count()).where(repository.connection == connection, repository.policy_read_at.is_(None))
        )
    rows = tuple(verdicts[key] for key in chosen if key in verdicts)
    return PrincipalAnswer(principal, account, rows, len(keys) - len(chosen), unread or 0)


def _named(session: Session, connection: str, principal: str) -> set[tuple[str, str]]:
    """Return the repositories whose policy speaks of the principal, by Region and name."""
    row = PolicyPrincipal
    forms = principals_of(principal)
    named = select(row.region, row.repository).where(row.connection == connection, row.principal.in_(forms))
    return {(region, name) for region, name in session.execute(named)}


def _opened(
    session: Session, connection: str, principal: str, registries: Mapping[str, KnownRegistry]
) -> set[tuple[str, str]]:
    """Return the repositories that the registry policy of their Region may open to the principal."""
    row = SeenRepository
    opened: set[tuple[str, str]] = set()
    for region, registry in registries.items():
        if prefixes := openings(registry.policy, principal):
            in_region = (row.connection == connection, row.region == region, begins_with(prefixes))
            opened.update((region, name) for name in session.scalars(select(row.name).where(*in_region)))
    return opened


def _judged(  # noqa: PLR0917  (what is judged, and by what)
    session: Session,
    connection: str,
    principal: str,
    keys: list[tuple[str, str]],
    registries: Mapping[str, KnownRegistry],
    now: datetime,
) -> dict[tuple[str, str], PrincipalAccess]:
    row = SeenRepository
    regions = sorted({region for region, _ in keys})
    role = service_of(principal)
    caller = PullPrincipal.puller(principal) if role is not None and role.is_puller else PullPrincipal.of(principal)
    judged: dict[tuple[str, str], PrincipalAccess] = {}
    for region in regions:
        names = [name for where, name in keys if where == region]
        query = select(row.name, row.arn, row.policy_text, row.policy_read_at).where(
            row.connection == connection, row.region == region, row.name.in_(names)
        )
        registry = registries[region].policy if region in registries else NOT_READ
        for name, arn, text, read_at in session.execute(query):
            try:
                evaluator = Evaluator(text, registry, repository_arn=arn, now=now)
                verdict = evaluator.verdict(caller)
            except Problem:
                verdict = None
            judged[region, name] = PrincipalAccess(region, name, verdict, read_at)
    return judged


def can_pull(answer: PrincipalAnswer) -> int:
    """Return from how many of the judged repositories the principal can pull."""
    return sum(row.verdict is not None and row.verdict.access is Access.ALLOWED for row in answer.rows)
