"""One statement of a policy: reads its parts in any allowed form, and builds ours. Never changes one in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from app.json_escapes import encodable
from app.policy.arns import UNIQUE_ID, WILDCARD, same_form, service_of

Statement: TypeAlias = dict[str, Any]

PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What a container service needs on a repository, from AWS's guide to private repositories."""

PUSH_ACTION = "ecr:PutImage"
"""Makes an image of what was uploaded: required for every push."""

SID_PREFIX = "AllowLightsailPull"
_LONGEST_SHOWN = 100


def cut(text: str) -> str:
    """Return a text that somebody else wrote, to be shown: cut if it is very long."""
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def is_strings(value: Any) -> bool:
    """Return whether `strings` can read this value."""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def strings(value: Any) -> tuple[str, ...]:
    """Return the values of an element that may be one string or a list of them."""
    return (value,) if isinstance(value, str) else tuple(value)


def entries(principal: Any) -> tuple[tuple[str, str], ...]:
    """Return each (type, value) in a `Principal` or `NotPrincipal`; a bare `"*"` is AWS's `{"AWS": "*"}`."""
    if principal == WILDCARD:
        return (("AWS", WILDCARD),)
    return tuple((kind, value) for kind, values in principal.items() for value in strings(values))


def named_by(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return each (type, value) in the statement's `Principal`; empty if it has `NotPrincipal`."""
    return entries(statement["Principal"]) if "Principal" in statement else ()


def excluded_by(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return each (type, value) in the statement's `NotPrincipal`."""
    return entries(statement["NotPrincipal"]) if "NotPrincipal" in statement else ()


def is_allow(statement: Statement) -> bool:
    """Return whether the statement allows; else it denies."""
    return bool(statement["Effect"] == "Allow")


def label(index: int, statement: Statement) -> str:
    """Return how people find the statement: its position from 1, and its Sid if it has one, cut if very long."""
    sid = statement.get("Sid")
    return encodable(f"#{index + 1} ({cut(sid) if isinstance(sid, str) else sid})") if sid else f"#{index + 1}"


def sids(statements: Iterable[Statement]) -> frozenset[str]:
    """Return the Sids in use."""
    return frozenset(str(statement["Sid"]) for statement in statements if statement.get("Sid"))


def free_sid(service: str, taken: Collection[str]) -> str:
    """Return `AllowLightsailPull-<service>`, or with a number after the prefix if that Sid is taken; "" for no service.

    The number comes before the service's name, so that it never reads as another service's Sid.
    """
    end = f"-{service}" if service else ""
    sid, number = f"{SID_PREFIX}{end}", 1
    while sid in taken:
        number += 1
        sid = f"{SID_PREFIX}{number}{end}"
    return sid


def is_our_sid(sid: str) -> bool:
    """Return whether a Sid is as `free_sid` makes one, for any service or none."""
    return sid.partition("-")[0].rstrip("0123456789") == SID_PREFIX


def _pulls_only(statement: Statement) -> bool:
    return set(strings(statement.get("Action", ()))) == set(PULL_ACTIONS) and not statement.get("Condition")


def pull_statement(principal_arn: str, service: str, taken: Collection[str] = ()) -> Statement:
    """Return the statement that lets the puller role `principal_arn` of `service` pull, as AWS's guide writes it."""
    return {
        "Sid": free_sid(service, taken),
        "Effect": "Allow",
        "Principal": {"AWS": principal_arn},
        "Action": list(PULL_ACTIONS),
    }


def is_ours(statement: Statement) -> bool:
    """Return whether the statement does only what ours do: lets one image puller role pull, unconditionally."""
    named = named_by(statement)
    role = service_of(named[0][1]) if len(named) == 1 else None
    return role is not None and role.is_puller and is_allow(statement) and _pulls_only(statement)


def orphan_of(statement: Statement) -> str:
    """Return the service whose statement this was, if only ids of deleted roles are left in it; "" for any other.

    ECR writes a deleted role's ARN as such an id, which does not name the service. The service is known from the Sid,
    if the statement does only what ours do and its Sid is as AWS's guide and we write it.
    """
    named = named_by(statement)
    dead = bool(named) and all(kind == "AWS" and UNIQUE_ID.fullmatch(value) for kind, value in named)
    sid = str(statement.get("Sid", ""))
    ours = is_allow(statement) and _pulls_only(statement) and is_our_sid(sid)
    return sid.partition("-")[2] if dead and ours else ""


def orphans_of(statements: Iterable[Statement]) -> dict[str, str]:
    """Return by its id the service of each deleted role, as `orphan_of` one of the statements says it."""
    orphans = ((statement, orphan_of(statement)) for statement in statements)
    return {value: service for statement, service in orphans if service for _, value in named_by(statement)}


def same_forms(principals: Iterable[str]) -> frozenset[str]:
    """Return these principals without everyone, each in the one form that matches all ways to write an account."""
    return frozenset(same_form(principal) for principal in principals) - {WILDCARD}


def without(statement: Statement, gone: Collection[str], element: str = "Principal") -> Statement | None:
    """Return the statement without these principals in `element`: itself if it names none, None if none is left.

    `gone` is the result of `same_forms`. Lists stay lists and the other elements stay unchanged.
    """
    value = statement.get(element)
    if value is None or value == WILDCARD:
        return statement
    kept = {kind: _kept(values, gone) for kind, values in value.items()}
    if kept == value:
        return statement
    left = {kind: values for kind, values in kept.items() if values or not value[kind]}
    return {**statement, element: left} if any(left.values()) else None


def without_anywhere(statement: Statement, gone: Collection[str]) -> Statement | None:
    """Return the statement without these in `Principal` or `NotPrincipal`; a `NotPrincipal` of only these stays.

    An empty `NotPrincipal` would mean everyone; only a person may decide that.
    """
    if "Principal" in statement:
        return without(statement, gone)
    return without(statement, gone, "NotPrincipal") or statement


def _kept(values: Any, gone: Collection[str]) -> Any:
    if isinstance(values, str):
        return "" if same_form(values) in gone else values
    return [value for value in values if same_form(value) not in gone]
