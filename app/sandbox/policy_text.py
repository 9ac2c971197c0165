"""Repository policies as ECR takes and returns them: what it refuses, how it rewrites what it keeps.

Written from AWS's behaviour alone. Must never share code with the console, or a mistake would stand on both sides.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from app.sandbox.errors import AwsError
from app.sandbox.principals import ACCOUNT, Principals

VERSIONS = ("2008-10-17", "2012-10-17")
DOCUMENT_KEYS = ("Version", "Id", "Statement")
STATEMENT_KEYS = ("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Condition")
PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")
ACTION = re.compile(r"\*|[Ee][Cc][Rr]:[\w*?]+")
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
    """A repository's policy: the document that ECR keeps, or, for what no parser takes, the bare text.

    `read` is the text it reads back as, kept while no order and no death can change it.
    """

    document: dict[str, Any] | None
    text: str = ""
    read: str | None = None
    deaths: int = -1


def refused(rule: str = "Invalid repository policy provided") -> AwsError:
    return AwsError(
        "InvalidParameterException", f"Invalid parameter at 'PolicyText' failed to satisfy constraint: '{rule}'"
    )


def accept(text: str, principals: Principals, now: float) -> dict[str, Any]:
    """The document that ECR keeps of this text; raises what ECR answers to a text that it does not take."""
    document = _parsed(text)
    for statement in statements(document):
        _check_statement(statement)
    kept = rewritten(document)
    if not all(_is_found(name, principals, now) for name in named(kept)):
        raise refused("Principal not found")
    return kept


def statements(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements as a list, however they are written."""
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def values(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(document: dict[str, Any]) -> Iterator[str]:
    """Every AWS principal that the document names."""
    for statement in statements(document):
        for key in ("Principal", "NotPrincipal"):
            principal = statement.get(key)
            if isinstance(principal, dict) and "AWS" in principal:
                yield from values(principal["AWS"])


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError):
        raise refused() from None
    if not isinstance(document, dict) or set(document) - set(DOCUMENT_KEYS):
        raise refused()
    found = document.get("Statement")
    items = found if isinstance(found, list) else [found]
    if not items or not all(isinstance(item, dict) for item in items):
        raise refused()
    if document.get("Version", VERSIONS[0]) not in VERSIONS or not isinstance(document.get("Id", ""), str):
        raise refused()
    return document


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def _check_statement(statement: dict[str, Any]) -> None:
    sound = (
        not set(statement) - set(STATEMENT_KEYS)
        and isinstance(statement.get("Sid", ""), str)
        and statement.get("Effect") in {"Allow", "Deny"}
        and ("Principal" in statement) != ("NotPrincipal" in statement)
        and ("Action" in statement) != ("NotAction" in statement)
        and _is_principal(statement.get("Principal", statement.get("NotPrincipal")))
        and all(_is_action(item) for item in _some(statement.get("Action", statement.get("NotAction"))))
        and _is_condition(statement.get("Condition", {}))
    )
    if not sound:
        raise refused()


def _some(value: Any) -> list[Any]:
    """The values as a list; one that cannot be right where there are none."""
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
    """The document as ECR keeps it: keys in its own order, account ids as roots, one-element lists collapsed."""
    kept = _in_order(document, DOCUMENT_KEYS)
    found = document.get("Statement")
    if isinstance(found, list):
        kept["Statement"] = [_rewritten_statement(item) for item in found]
    elif isinstance(found, dict):
        kept["Statement"] = _rewritten_statement(found)
    return kept


def _in_order(value: dict[str, Any], order: tuple[str, ...]) -> dict[str, Any]:
    return {key: value[key] for key in (*order, *value) if key in value}


def _rewritten_statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    kept = _in_order(statement, STATEMENT_KEYS)
    for key in ("Action", "NotAction"):
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


def read_back(policy: Policy, principals: Principals, now: float, order: random.Random) -> str:
    """The text that a read of the policy returns now: ECR's layout, principals in any order, the dead by their ids."""
    if policy.document is None:
        return policy.text
    if policy.read is not None and policy.deaths == principals.deaths:
        return policy.read
    shown = shuffled(policy.document, order, lambda arn: principals.as_read(arn, now))
    text = rendered(shown)
    if _is_settled(policy.document, principals):
        policy.read, policy.deaths = text, principals.deaths
    return text


def _is_settled(document: dict[str, Any], principals: Principals) -> bool:
    """Whether every read gives the same text: no lists of principals, and no death to come."""
    given = [names for names in _principal_values(document) if names]
    return not any(isinstance(names, list) or principals.is_mortal(str(names)) for names in given)


def _principal_values(document: dict[str, Any]) -> Iterator[Any]:
    for statement in statements(document):
        for key in ("Principal", "NotPrincipal"):
            principal = statement.get(key)
            if isinstance(principal, dict):
                yield from principal.values()


def shuffled(document: dict[str, Any], order: random.Random, name: Callable[[str], str]) -> dict[str, Any]:
    """The document with each list of principals in some order, and each AWS principal renamed."""
    found = document.get("Statement")
    if isinstance(found, list):
        return {**document, "Statement": [_shuffled_statement(item, order, name) for item in found]}
    return {**document, "Statement": _shuffled_statement(found, order, name)} if found is not None else document


def _shuffled_statement(statement: Any, order: random.Random, name: Callable[[str], str]) -> Any:
    if not isinstance(statement, dict):
        return statement
    shown = dict(statement)
    for key in ("Principal", "NotPrincipal"):
        if isinstance(shown.get(key), dict):
            shown[key] = {kind: _shuffled_names(kind, given, order, name) for kind, given in shown[key].items()}
    return shown


def _shuffled_names(kind: str, given: Any, order: random.Random, name: Callable[[str], str]) -> Any:
    if isinstance(given, list):
        names = [name(item) if kind == "AWS" and isinstance(item, str) else item for item in given]
        order.shuffle(names)
        return names
    return name(given) if kind == "AWS" and isinstance(given, str) else given


def rendered(value: Any, indent: str = "") -> str:
    """JSON in the layout that ECR writes: `"key" : value`, lists on one line."""
    if isinstance(value, dict):
        inner = indent + "  "
        rows = [
            f"{inner}{json.dumps(key, ensure_ascii=False)} : {rendered(item, inner)}" for key, item in value.items()
        ]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}" if rows else "{ }"
    if isinstance(value, list):
        return "[ " + ", ".join(rendered(item, indent) for item in value) + " ]" if value else "[ ]"
    return json.dumps(value, ensure_ascii=False)
