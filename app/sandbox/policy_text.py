"""Policies of repositories and registries as ECR accepts them: what it refuses, and what it stores.

Written from AWS's behaviour alone; shares no code with the console (`tests/sandbox/test_independence.py`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from app.sandbox.errors import AwsError
from app.sandbox.principals import ACCOUNT, Principals

VERSIONS = ("2008-10-17", "2012-10-17")
DOCUMENT_KEYS = ("Version", "Id", "Statement")
STATEMENT_KEYS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition")
RESOURCE_KEYS = ("Resource", "NotResource")
EFFECTS = ("Allow", "Deny")
PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
ACTION = re.compile(r"\*|[Ee][Cc][Rr]:[\w*?]+")
RESOURCE = re.compile(r"\*|arn:[^:]*:ecr:[^:]*:[^:]*:.+", re.DOTALL)
SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?")
UNIQUE_ID = re.compile(r"A(?:ROA|IDA|GPA|NPA)[A-Z0-9]{8,}")
OPERATOR = re.compile(
    r"(ForAllValues:|ForAnyValue:)?"
    r"(String(Not)?(Equals(IgnoreCase)?|Like)|Numeric(Not)?Equals|Numeric(Less|Greater)Than(Equals)?"
    r"|Date(Not)?Equals|Date(Less|Greater)Than(Equals)?|Bool|BinaryEquals|(Not)?IpAddress|Arn(Not)?(Equals|Like))"
    r"(IfExists)?|Null"
)


@dataclass(slots=True)
class Policy:
    """A policy: the document that ECR stores, or the bare text if it can't be parsed.

    `read` is the text it reads back as, cached while no order and no deletion can change it. `denies` is whether it
    holds any Deny, None until that is first needed.
    """

    document: dict[str, Any] | None
    text: str = ""
    read: str | None = field(default=None, compare=False)
    deaths: int = field(default=-1, compare=False)
    denies: bool | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of policy: ECR's name for it, and whether its statements name resources (all of them, or none)."""

    name: str
    names_resources: bool
    missing_principal: str

    @property
    def invalid(self) -> str:
        """The constraint that ECR names for any error in the text."""
        return f"Invalid {self.name} policy provided"


REPOSITORY = Kind("repository", names_resources=False, missing_principal="Principal not found")
# A missing principal in a registry policy is reported by the general constraint: Terraform's provider retries on it.
REGISTRY = Kind("registry", names_resources=True, missing_principal="Invalid registry policy provided")


def refused(rule: str = REPOSITORY.invalid) -> AwsError:
    return AwsError(
        "InvalidParameterException", f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{rule}'"
    )


def accept(text: str, principals: Principals, now: float, kind: Kind = REPOSITORY) -> dict[str, Any]:
    """Return the document that ECR stores for this text.

    Raises:
        AwsError: ECR's answer to an invalid text.
    """
    document = _parsed(text)
    if document is None or not all(_is_statement(statement, kind) for statement in statements(document)):
        raise refused(kind.invalid)
    kept = rewritten(document)
    if not all(_is_found(name, principals, now) for name in named(kept)):
        raise refused(kind.missing_principal)
    return kept


def statements(document: dict[str, Any]) -> list[Any]:
    """Return the statements as a list, however they are written; in an unchecked text they may be anything."""
    listed = document.get("Statement", [])
    return listed if isinstance(listed, list) else [listed]


def values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(document: dict[str, Any]) -> Iterator[str]:
    """Yield every AWS principal in the document."""
    for statement in statements(document):
        for key in ("Principal", "NotPrincipal"):
            principal = statement.get(key)
            if isinstance(principal, dict) and "AWS" in principal:
                yield from values(principal["AWS"])


def _parsed(text: str) -> dict[str, Any] | None:
    """Return the document, None for an invalid text."""
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or set(document) - set(DOCUMENT_KEYS):
        return None
    items = values(document.get("Statement"))
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    if document.get("Version", VERSIONS[0]) not in VERSIONS or not isinstance(document.get("Id", ""), str):
        return None
    return document


def _finite(number: str) -> float:
    """Return a number as JSON has it: Python also reads `NaN`, and `1e400` as a number that JSON can't write."""
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is given twice")
    return members


def _is_statement(statement: dict[str, Any], kind: Kind) -> bool:
    resources = [key for key in RESOURCE_KEYS if key in statement]
    return (
        not set(statement) - {*STATEMENT_KEYS, *RESOURCE_KEYS}
        and len(resources) == kind.names_resources
        and all(_is_resource(item) for key in resources for item in _some(statement[key]))
        and isinstance(statement.get("Sid", ""), str)
        and statement.get("Effect") in EFFECTS
        and ("Principal" in statement) != ("NotPrincipal" in statement)
        and ("Action" in statement) != ("NotAction" in statement)
        and _is_principal(statement.get("Principal", statement.get("NotPrincipal")))
        and all(_is_action(item) for item in _some(statement.get("Action", statement.get("NotAction"))))
        and _is_condition(statement.get("Condition", {}))
    )


def _is_resource(value: Any) -> bool:
    return isinstance(value, str) and bool(RESOURCE.fullmatch(value))


def _some(value: Any) -> list[Any]:
    """Return the values as a list; if there are none, one that is certainly invalid."""
    return values(value) or [None]


def _is_action(value: Any) -> bool:
    if not isinstance(value, str) or not ACTION.fullmatch(value):
        return False
    return value.lower() != "ecr:getauthorizationtoken"


def _is_principal(value: Any) -> bool:
    if value == "*":
        return True
    if not isinstance(value, dict) or not value or set(value) - set(PRINCIPAL_TYPES):
        return False
    if not all(isinstance(item, str) and item for kind in value.values() for item in _some(kind)):
        return False
    aws = all(_is_aws_principal(item) for item in values(value.get("AWS", [])))
    return aws and all(item == "*" or SERVICE.fullmatch(item) for item in values(value.get("Service", [])))


def _is_aws_principal(value: str) -> bool:
    if value == "*" or ACCOUNT.fullmatch(value) or UNIQUE_ID.fullmatch(value):
        return True
    return value.startswith("arn:") and "*" not in value and "?" not in value


def _is_condition(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    for operator, keys in value.items():
        if not OPERATOR.fullmatch(operator) or not isinstance(keys, dict):
            return False
        if not all(isinstance(item, str | bool | int | float) for given in keys.values() for item in _some(given)):
            return False
    return True


def _is_found(principal: str, principals: Principals, now: float) -> bool:
    return principal == "*" or principals.exists(principal, now)


def rewritten(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as ECR stores it: keys in its order, account ids as roots, one-element lists collapsed."""
    kept = _in_order(document, DOCUMENT_KEYS)
    listed = document.get("Statement")
    if isinstance(listed, list):
        kept["Statement"] = [_rewritten_statement(item) for item in listed]
    elif isinstance(listed, dict):
        kept["Statement"] = _rewritten_statement(listed)
    return kept


def _in_order(value: dict[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    return {key: value[key] for key in (*order, *value) if key in value}


def _rewritten_statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    kept = _in_order(statement, (*STATEMENT_KEYS[:-1], *RESOURCE_KEYS, STATEMENT_KEYS[-1]))
    for key in ("Action", "NotAction", *RESOURCE_KEYS):
        if key in kept:
            kept[key] = _collapsed(kept[key])
    for key in ("Principal", "NotPrincipal"):
        if isinstance(kept.get(key), dict):
            kept[key] = {kind: _collapsed(_roots(kind, given)) for kind, given in kept[key].items()}
    if isinstance(kept.get("Condition"), dict):
        kept["Condition"] = {
            operator: {key: _collapsed(item) for key, item in keys.items()} if isinstance(keys, dict) else keys
            for operator, keys in kept["Condition"].items()
        }
    return kept


def _collapsed(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _roots(kind: str, given: Any) -> Any:
    if kind != "AWS":
        return given
    if isinstance(given, list):
        return [_root(item) for item in given]
    return _root(given)


def _root(value: Any) -> Any:
    return f"arn:aws:iam::{value}:root" if isinstance(value, str) and ACCOUNT.fullmatch(value) else value
