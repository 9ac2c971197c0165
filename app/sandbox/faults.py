"""Faults that can be switched on: which calls they hit, how often, and AWS's answer.

Decides only; the server carries out those of the connection. A fault hits only calls that a rule names.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from app.sandbox.authorization import denied
from app.sandbox.call import Call
from app.sandbox.errors import AwsError, SandboxError
from app.sandbox.lightsail_errors import busy
from app.sandbox.policy_text import refused

ERRORS = (
    "throttle",
    "error",
    "access_denied",
    "expired_token",
    "invalid_token",
    "unavailable",
    "busy",
    "principal_not_found",
)
CONNECTION = ("latency", "timeout", "reset", "lost_response")
STATE = ("stale_read", "foreign_write")
KINDS = (*ERRORS, *CONNECTION, *STATE)
SHAPES: dict[str, Any] = {
    **dict.fromkeys(("action", "code", "message", "when"), str),
    **dict.fromkeys(("match", "statement"), dict),
    **dict.fromkeys(("after", "seed", "status"), int),
    **dict.fromkeys(("effect", "explicit"), bool),
    **dict.fromkeys(("probability", "seconds"), int | float),
    "times": int | None,
}
MATCHES = {"repository": "repositoryName", "service": "serviceName"}


@dataclass(slots=True)
class Fault:
    """A rule. `after` calls pass first, then `times` are hit (None: all), each with `probability`.

    Args:
        action: as IAM writes it, with `*`: `ecr:SetRepositoryPolicy`, `lightsail:*`, `*`.
        match: values that must match, of `repository`, `service`, `region`, `account`; `*` matches anything.
        code, message, status: the answer of kind `error`; `unavailable` uses the status too.
        seconds: how long `latency` and `timeout` wait, and `lost_response` before it drops.
        effect: whether a `timeout` comes after the call has taken effect.
        when: `before` or `after` the call, for `foreign_write`.
        statement: what `foreign_write` adds to the policy of the call's repository.
        explicit: whether `access_denied` comes from an explicit deny.
    """

    kind: str
    action: str = "*"
    match: dict[str, str] = field(default_factory=dict)
    after: int = 0
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    code: str = "InternalServerError"
    message: str = "An internal error occurred."
    status: int = 400
    seconds: float = 0.0
    effect: bool = False
    when: str = "before"
    statement: dict[str, Any] = field(default_factory=dict)
    explicit: bool = False
    id: int = 0
    seen: int = 0
    hits: int = 0
    lot: random.Random = field(default_factory=random.Random, repr=False)

    def is_about(self, call: Call) -> bool:
        return fnmatchcase(call.action, self.action) and all(
            fnmatchcase(_value_of(call, name), pattern) for name, pattern in self.match.items()
        )

    def hits_now(self) -> bool:
        """Count a call that the rule matches, and return whether this one is hit."""
        self.seen += 1
        if self.seen <= self.after or (self.times is not None and self.hits >= self.times):
            return False
        if self.probability < 1 and self.lot.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def to_json(self) -> dict[str, Any]:
        return {each.name: getattr(self, each.name) for each in fields(self) if each.name != "lot"}


def _value_of(call: Call, name: str) -> str:
    if name in MATCHES:
        return str(call.params.get(MATCHES[name], ""))
    return str(getattr(call, name))


class Faults:
    """The active rules, in the order in which they were added."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self.added = 0

    def add(self, request: Mapping[str, Any]) -> Fault:
        """Activate a rule and return it; raises SandboxError for an invalid one."""
        rule = _rule(request)
        self.added += 1
        rule.id = self.added
        rule.lot = random.Random(rule.seed)  # noqa: S311  (repeatable on purpose)
        self.rules.append(rule)
        return rule

    def add_text(self, text: str) -> Fault:
        """Do the same as `add`, from a JSON object."""
        try:
            rule = json.loads(text)
        except ValueError:
            rule = None
        if not isinstance(rule, dict):
            raise SandboxError(f"A fault is a JSON object; it cannot be {text!r}.")
        return self.add(rule)

    def remove(self, number: int | None = None) -> int:
        """Remove one rule, or all; return how many those were."""
        before = len(self.rules)
        self.rules = [] if number is None else [rule for rule in self.rules if rule.id != number]
        return before - len(self.rules)

    def hitting(self, call: Call) -> list[Fault]:
        return [rule for rule in self.rules if rule.is_about(call) and rule.hits_now()]


def _rule(request: Mapping[str, Any]) -> Fault:
    settable = {each.name for each in fields(Fault)} - {"id", "seen", "hits", "lot"}
    unknown = sorted(set(request) - settable)
    if unknown:
        raise SandboxError(f"A fault has no {', '.join(unknown)}; it has {', '.join(sorted(settable))}.")
    if request.get("kind") not in KINDS:
        raise SandboxError(f"A fault's kind is one of {', '.join(KINDS)}.")
    strange = sorted(set(request.get("match") or {}) - {*MATCHES, "region", "account"})
    if strange:
        raise SandboxError(
            f"A fault cannot match by {', '.join(strange)}; it can by repository, service, region, account."
        )
    for name, kinds in SHAPES.items():
        if name in request and (
            not isinstance(request[name], kinds) or isinstance(request[name], bool) != (kinds is bool)
        ):
            raise SandboxError(f"A fault's {name} cannot be {request[name]!r}.")
    rule = Fault(**request)
    if rule.when not in {"before", "after"}:
        raise SandboxError("A foreign write comes before or after the call.")
    if rule.kind == "foreign_write" and not rule.statement:
        raise SandboxError("A foreign write needs the statement that it adds.")
    return rule


def first_error(rules: Iterable[Fault], call: Call) -> AwsError | None:
    """Return AWS's answer to the call if a rule gives one, else None."""
    return next((error_of(rule, call) for rule in rules if rule.kind in ERRORS), None)


def error_of(rule: Fault, call: Call) -> AwsError:
    query = call.service == "sts"
    expired, invalid = (
        ("ExpiredToken", "InvalidClientTokenId") if query else ("ExpiredTokenException", "UnrecognizedClientException")
    )
    status = 403 if query else 400
    if rule.kind == "unavailable":
        return AwsError("ServiceUnavailableException", "Service is unable to handle request.", max(rule.status, 503))
    answers = {
        "throttle": AwsError("Throttling" if query else "ThrottlingException", "Rate exceeded"),
        "error": AwsError(rule.code, rule.message, rule.status),
        "access_denied": access_denied(call, explicit=rule.explicit),
        "expired_token": AwsError(expired, "The security token included in the request is expired", status),
        "invalid_token": AwsError(invalid, "The security token included in the request is invalid.", status),
        "busy": busy("UPDATING", "updated"),
        "principal_not_found": refused("Principal not found"),
    }
    return answers[rule.kind]


def access_denied(call: Call, *, explicit: bool = False) -> AwsError:
    """Return AWS's error for a caller whose IAM policies do not allow the call."""
    if explicit:
        return denied(call, "with an explicit deny in an identity-based policy")
    if call.service == "lightsail":
        return denied(call)
    return denied(call, f"because no identity-based policy allows the {call.action} action")
