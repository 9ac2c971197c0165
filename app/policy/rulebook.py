"""Collects what the policies say about a caller's pull, with an index, so that the cost is linear in callers.

No more is collected than a verdict names: beyond `NAMED_AT_MOST` statements of a kind, more of them change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from app.policy.arns import WILDCARD, account_id, account_named, is_session, role_of, same_form
from app.policy.context_keys import RequestContext
from app.policy.layers import Layer
from app.policy.matching import Cover, Decision, Doubt, PullPrincipal, Reach, Rule
from app.policy.principals import ROLES, PrincipalKind, kind_of
from app.policy.statement import excluded_by, named_by

NAMED_AT_MOST = 5
_REACHES, _LAYERS = list(Reach), list(Layer)


class Missed(NamedTuple):
    """An Allow that covers the caller except for conditions that do not hold."""

    rule: Rule
    decision: Decision


@dataclass
class Collected:
    """The certain and the open Denies, the Allows, the best Allow for each action, and those that fail conditions."""

    sure: list[Cover] = field(default_factory=list)
    maybe: list[Cover] = field(default_factory=list)
    allows: list[Cover] = field(default_factory=list)
    best: dict[str, Cover] = field(default_factory=dict)
    missed: list[Missed] = field(default_factory=list)

    def add(self, rule: Rule, reach: Reach, decision: Decision) -> None:
        """Add a statement that reaches the caller."""
        if decision.failed:
            if rule.allows and rule.layer is Layer.REPOSITORY:
                self.missed = [*self.missed, Missed(rule, decision)][:NAMED_AT_MOST]
            return
        cover = Cover(rule, reach, decision.doubts)
        if not rule.allows:
            (self.maybe if cover.doubts else self.sure).append(cover)
            return
        self.allows.append(cover)
        self._prefer(dict.fromkeys(cover.actions, cover))

    def take(self, shared: Collected, without: set[Rule]) -> None:
        """Add what holds for everyone, except for the statements that name this caller."""
        self.sure = _first(self.sure, shared.sure, without)
        self.maybe = _first(self.maybe, shared.maybe, without)
        self.allows = _first(self.allows, shared.allows, without)
        self._prefer(shared.best)
        self.missed = [*self.missed, *shared.missed][:NAMED_AT_MOST]

    def _prefer(self, covers: Mapping[str, Cover]) -> None:
        for action, cover in covers.items():
            if action not in self.best or _preference(cover) < _preference(self.best[action]):
                self.best[action] = cover

    def deciding(self) -> list[Cover]:
        """Return the fewest Allows that cover all actions: by name before account or everyone, certain before open."""
        return sorted(dict.fromkeys(self.best.values()), key=_place)


class Rulebook:
    """The statements of all policies, indexed by whom they are about, for one repository and time.

    `budget` is how many condition values may be compared for single callers; beyond it they stay open.
    """

    def __init__(
        self, rules: Iterable[Rule], *, repository_arn: str, now: datetime | None, budget: int | None = None
    ) -> None:
        self._repository_arn = repository_arn
        self._now = now
        self._budget = budget
        self._by_name: dict[tuple[str, str], list[Rule]] = {}
        self._by_account: dict[str, list[Rule]] = {}
        self._by_role: dict[tuple[str, str], list[Rule]] = {}
        self._by_session: dict[tuple[str, str], dict[Rule, str]] = {}
        self._exempt: dict[tuple[str, str], list[Rule]] = {}
        self._exempt_accounts: dict[Rule, set[str]] = {}
        self._exempt_roles: dict[Rule, set[tuple[str, str] | None]] = {}
        self._personal: dict[Rule, Reach] = {}
        self._settled: dict[Rule, Decision] = {}
        self._shared, self._shared_open = Collected(), Collected()
        anyone = RequestContext(PrincipalKind.WILDCARD, WILDCARD, repository_arn, now)
        for rule in rules:
            if not rule.is_personal:
                self._settled[rule] = rule.decide(anyone)
            reach = self._file(rule)
            if reach is not None:
                self._share(rule, reach)
        self._price = sum(1 + rule.cost for rule in self._personal)

    def _file(self, rule: Rule) -> Reach | None:
        """Index the statement by its callers; return how it reaches everyone else, if it does."""
        if "Principal" in rule.statement:
            entries = named_by(rule.statement)
            is_for_everyone = ("AWS", WILDCARD) in entries
            for (kind, form), value in {(kind, same_form(value)): value for kind, value in entries}.items():
                self._by_name.setdefault((kind, form), []).append(rule)
                if kind == "AWS" and account_named(value):
                    self._by_account.setdefault(form, []).append(rule)
                elif kind == "AWS" and not is_for_everyone and (role := role_of(value)):
                    self._file_by_role(rule, value, role)
            return Reach.EVERYONE if is_for_everyone else None
        left_out = excluded_by(rule.statement)
        if rule.allows or ("AWS", WILDCARD) in left_out:
            return None  # AWS supports no Allow with NotPrincipal: it allows no one
        for kind, value in dict.fromkeys((kind, same_form(value)) for kind, value in left_out):
            self._exempt.setdefault((kind, value), []).append(rule)
        identities = [value for kind, value in left_out if kind == "AWS"]
        self._exempt_accounts[rule] = set(map(account_named, identities))
        self._exempt_roles[rule] = {role_of(value) for value in identities if not is_session(value)}
        return Reach.OTHERS

    def _file_by_role(self, rule: Rule, value: str, role: tuple[str, str]) -> None:
        if is_session(value):
            self._by_session.setdefault(role, {}).setdefault(rule, value)
        else:
            self._by_role.setdefault(role, []).append(rule)

    def _share(self, rule: Rule, reach: Reach) -> None:
        if rule.is_personal:
            self._personal[rule] = reach
            self._shared_open.add(rule, reach, Decision(rule.all_doubts))
        else:
            self._shared.add(rule, reach, self._settled[rule])
            self._shared_open.add(rule, reach, self._settled[rule])

    def collect(self, caller: PullPrincipal) -> Collected:
        """Return all that the policies say about this caller's pull."""
        request = caller.request(self._repository_arn, self._now)
        own = self._own(caller)
        exempt = dict(self._exemptions(caller))
        sessions = self._of_sessions(caller, own)
        afforded = self._affords(own, exempt, sessions)
        collected = Collected()
        for rule, reach in own.items():
            collected.add(rule, reach, self._decide(rule, request, afforded=afforded))
        doubted = [(rule, Reach.OTHERS, doubt) for rule, doubt in exempt.items() if doubt is not None]
        doubted += [(rule, Reach.NAMED, doubt) for rule, doubt in sessions.items()]
        for rule, reach, doubt in doubted:
            decision = self._decide(rule, request, afforded=afforded)
            collected.add(rule, reach, decision._replace(doubts=(*decision.doubts, doubt)))
        settled_here = own.keys() | exempt.keys() | sessions.keys()
        if not afforded:
            collected.take(self._shared_open, settled_here)
            return collected
        for rule, reach in self._personal.items():
            if rule not in settled_here:
                collected.add(rule, reach, rule.decide(request))
        collected.take(self._shared, settled_here)
        return collected

    def _own(self, caller: PullPrincipal) -> dict[Rule, Reach]:
        """Return the statements that name the caller, the role of a session, or its account, and how."""
        by_name = Reach.EVERYONE if caller.value == WILDCARD else Reach.NAMED
        own = dict.fromkeys(self._by_name.get(caller.form, ()), by_name)
        role = _role_of_session(caller)
        for rule in self._by_role.get(role, ()) if role else ():
            own.setdefault(rule, Reach.NAMED)
        for rule in self._by_account.get(caller.account, ()):
            own.setdefault(rule, Reach.ACCOUNT)
        return own

    def _of_sessions(self, caller: PullPrincipal, own: Mapping[Rule, Reach]) -> dict[Rule, Doubt]:
        """Return the statements that name only a session of this role: which session pulls isn't known."""
        role = role_of(caller.value) if caller.type == "AWS" and not is_session(caller.value) else None
        named = self._by_session.get(role, {}) if role else {}
        return {
            rule: Doubt(f"Principal = {session}", "Principal") for rule, session in named.items() if rule not in own
        }

    def _exemptions(self, caller: PullPrincipal) -> Iterator[tuple[Rule, Doubt | None]]:
        """Yield the Denies that exclude the caller, and what makes that uncertain.

        A Deny with `NotPrincipal` that names an identity without its account may still deny it (AWS: "the policy might
        deny access to the entire account"), so that stays open; one that names the account alone denies its identities,
        since it names none of them. An account as the caller is all of these and its root user, whom AWS names by the
        account: open too. So is one for a role that leaves out the session, as AWS evaluates both, and the name of
        Lightsail's session isn't known; and one for a session that leaves out its role. There may be less access than
        it seems, never more.
        """
        is_account = bool(caller.account) and caller.account == account_named(caller.value)
        members = _all_of_account(caller) if is_account else _session_of(caller)
        role = _role_of_session(caller)
        for rule in self._exempt.get(caller.form, ()):
            missing = members
            if caller.account and not is_account and caller.account not in self._exempt_accounts[rule]:
                missing = caller.account
            elif role and role not in self._exempt_roles[rule]:
                missing = role[1]
            yield rule, Doubt(f"NotPrincipal != {missing}", "NotPrincipal") if missing else None

    def _decide(self, rule: Rule, request: RequestContext, *, afforded: bool) -> Decision:
        if not rule.is_personal:
            return self._settled[rule]
        return rule.decide(request) if afforded else Decision(rule.all_doubts)

    def _affords(self, *lookups: Mapping[Rule, object]) -> bool:
        """Return whether the budget suffices to compare everything for one more caller."""
        if self._budget is None:
            return True
        price = self._price + sum(1 + rule.cost for rules in lookups for rule in rules if rule.is_personal)
        afforded = price <= self._budget
        self._budget -= price if afforded else 0
        return afforded


def _role_of_session(caller: PullPrincipal) -> tuple[str, str] | None:
    """Return account and name of the role of a session; None for any other caller."""
    return role_of(caller.value) if caller.type == "AWS" and is_session(caller.value) else None


def _all_of_account(caller: PullPrincipal) -> str:
    """Return the ARN that stands for all identities of an account."""
    partition = caller.value.split(":")[1] if ":" in caller.value else "aws"
    return f"arn:{partition}:iam::{account_id(caller.account)}:*"


def _session_of(caller: PullPrincipal) -> str:
    """Return the ARN of the sessions of a role, which leaves out its path; "" for any other caller."""
    if kind_of(caller.type, caller.value) not in ROLES:
        return ""
    partition = caller.value.split(":")[1]
    return f"arn:{partition}:sts::{account_id(caller.account)}:assumed-role/{caller.value.rpartition('/')[2]}/*"


def _first(own: Iterable[Cover], shared: Iterable[Cover], without: set[Rule]) -> list[Cover]:
    others = islice((cover for cover in shared if cover.rule not in without), NAMED_AT_MOST)
    return sorted([*own, *others], key=_place)[:NAMED_AT_MOST]


def _preference(cover: Cover) -> tuple[object, ...]:
    return bool(cover.doubts), _REACHES.index(cover.reach), -len(cover.actions), _place(cover)


def _place(cover: Cover) -> tuple[int, int]:
    return _LAYERS.index(cover.rule.layer), cover.index
