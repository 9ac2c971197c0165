"""From how many repositories each role can pull, where a registry policy counts beside the repositories' own.

Repositories that a registry policy treats alike, and whose own policies say the same, get one verdict: so a registry
policy about 100,000 repositories costs a few verdicts. Time is linear in repositories, and in roles times verdicts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, case, exists, null, or_, select
from sqlalchemy.orm import Session

from app.inventory.circumstances import Circumstances
from app.inventory.models import PolicyPrincipal, SeenRepository, SeenService
from app.inventory.registries import registries_in
from app.policy.arns import WILDCARD, account_of, forms_of_account
from app.policy.evaluate import RegistryReach, decides_on_pulls, opened_by_registry
from app.policy.layers import RegistryPolicy
from app.policy.verdict import Access


@dataclass(frozen=True)
class _Alike:
    """Repositories that get one verdict for any role: their policy's text, and which registry statements reach them."""

    text: str | None
    reach: tuple[bool | None, ...]


def pull_counts(
    session: Session, connection: str, services: Sequence[SeenService], now: datetime | None
) -> dict[tuple[str, str], int]:
    """Return how many repositories let each service's role pull, by its region and name, where a registry policy counts.

    What is kept beside a repository policy says what that policy alone gives; where a registry policy may say otherwise,
    the policies that name a role are judged together with it, and so are the repositories that it opens by itself.
    """
    registries = registries_in(session, connection)
    counts: dict[tuple[str, str], int] = {}
    for region, registry in registries.items():
        if decides_on_pulls(registry.policy):
            own = [service for service in services if service.region == region]
            roles = {service.role_arn for service in own if service.role_arn}
            by_role = _of_region(session, (connection, region), registry.policy, roles, now)
            counts |= {(region, service.name): by_role.get(service.role_arn, 0) for service in own}
    return counts


def openings(registry: RegistryPolicy, role: str) -> tuple[str, ...]:
    """Return how the names begin of the repositories that the registry policy may open to the role; () for none."""
    return opened_by_registry(registry, role) if role and decides_on_pulls(registry) else ()


def begins_with(prefixes: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that a repository's name begins with one of the prefixes."""
    return or_(*(SeenRepository.name.startswith(prefix, autoescape=True) for prefix in prefixes))


def principals_of(role: str) -> tuple[str, ...]:
    """Return the names by which a policy speaks of a role: its own, its account, everyone."""
    account = account_of(role)
    accounts = forms_of_account(account) if account else ()
    return tuple(value for value in (role, *accounts, WILDCARD) if value)


def _of_region(
    session: Session, region_key: tuple[str, str], registry: RegistryPolicy, roles: set[str], now: datetime | None
) -> Mapping[str, int]:
    prefixes = {prefix for role in roles for prefix in openings(registry, role)}
    reach = RegistryReach(registry)
    alike: Counter[_Alike] = Counter()
    arns: dict[_Alike, str] = {}
    for arn, text in _opened(session, region_key, prefixes, roles):
        kind = _Alike(text, reach.of(arn))
        alike[kind] += 1
        arns.setdefault(kind, arn)
    named: defaultdict[str, Counter[_Alike]] = defaultdict(Counter)
    for arn, text, role in _naming(session, region_key, roles, prefixes):
        kind = _Alike(text, reach.of(arn))
        named[role][kind] += 1
        arns.setdefault(kind, arn)
    return {
        role: sum(
            number
            for kind, number in (alike + named[role]).items()
            if _is_allowed(Circumstances(registry, arns[kind], now), kind.text, role)
        )
        for role in roles
    }


def _is_allowed(circumstances: Circumstances, text: str | None, role: str) -> bool:
    verdict = circumstances.kept_verdict(text, role)
    return verdict is not None and verdict.access is Access.ALLOWED


def _opened(
    session: Session, region_key: tuple[str, str], prefixes: Collection[str], roles: Collection[str]
) -> list[tuple[str, str | None]]:
    """Return the repositories that the registry policy may open: ARN, and the policy where it speaks of one of the roles."""
    if not prefixes:
        return []
    row, named = SeenRepository, PolicyPrincipal
    speaking = {principal for role in roles for principal in principals_of(role)}
    is_own = (named.connection == row.connection) & (named.region == row.region) & (named.repository == row.name)
    speaks = exists().where(is_own, named.principal.in_(speaking))
    # Nobody knows whom it names, or it denies whom it doesn't name.
    may_speak = row.policy_problem.is_not(None) | row.policy_text.contains("NotPrincipal")
    query = select(row.arn, case((speaks | may_speak, row.policy_text), else_=null()))
    in_scope = (row.connection == region_key[0], row.region == region_key[1], row.policy_read_at.is_not(None))
    return [(arn, text) for arn, text in session.execute(query.where(*in_scope, begins_with(prefixes)))]


def _naming(
    session: Session, region_key: tuple[str, str], roles: Collection[str], prefixes: Collection[str]
) -> list[tuple[str, str | None, str]]:
    """Return the other repositories whose policy names a role: ARN, policy and role."""
    row, named = SeenRepository, PolicyPrincipal
    is_own = (named.connection == row.connection) & (named.region == row.region) & (named.repository == row.name)
    query = select(row.arn, row.policy_text, named.principal).join(named, is_own)
    query = query.where(row.connection == region_key[0], row.region == region_key[1], named.principal.in_(roles))
    others = query.where(~begins_with(prefixes)) if prefixes else query
    return [(arn, text, role) for arn, text, role in session.execute(others)]
