"""One statement of a policy: its parts read in any allowed form, and ours built. Must never change one in place."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeAlias

from app.policy.arns import UNIQUE_ID, WILDCARD, same_form, service_of

Statement: TypeAlias = dict[str, Any]

PULL_ACTIONS = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
"""What a container service needs on a repository, from AWS's guide to private repositories."""

PUSH_ACTION = "ecr:PutImage"
"""What makes an image of what was uploaded: without it nobody pushes."""

SID_PREFIX = "AllowLightsailPull"
_LONGEST_SID = 100


def strings(value: Any) -> tuple[str, ...]:
    """The values of an element that may be one string or a list of them."""
    return (value,) if isinstance(value, str) else tuple(value)


def entries(principal: Any) -> tuple[tuple[str, str], ...]:
    """Each (type, value) that a `Principal` or `NotPrincipal` names; a bare `"*"` is AWS's `{"AWS": "*"}`."""
    if principal == WILDCARD:
        return (("AWS", WILDCARD),)
    return tuple((kind, value) for kind, values in principal.items() for value in strings(values))


def named_by(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Each (type, value) in the statement's `Principal`; none where it says `NotPrincipal`."""
    return entries(statement["Principal"]) if "Principal" in statement else ()


def excluded_by(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Each (type, value) in the statement's `NotPrincipal`."""
    return entries(statement["NotPrincipal"]) if "NotPrincipal" in statement else ()


def is_allow(statement: Statement) -> bool:
    """Whether the statement allows; else it denies."""
    return bool(statement["Effect"] == "Allow")


def label(index: int, statement: Statement) -> str:
    """How people find the statement: its place from 1, and its Sid where it has one, cut where it is very long."""
    sid = statement.get("Sid")
    if isinstance(sid, str) and len(sid) > _LONGEST_SID:
        sid = sid[:_LONGEST_SID] + "…"
    return f"#{index + 1} ({sid})" if sid else f"#{index + 1}"


def sids(statements: Iterable[Statement]) -> frozenset[str]:
    """The Sids in use."""
    return frozenset(str(statement["Sid"]) for statement in statements if statement.get("Sid"))


def free_sid(service: str, taken: Collection[str]) -> str:
    """`AllowLightsailPull-<service>`, or with a number behind the prefix where a statement has that Sid already.

    The number stands before the service's name, so that it never reads as another service's Sid.
    """
    sid, number = f"{SID_PREFIX}-{service}", 1
    while sid in taken:
        number += 1
        sid = f"{SID_PREFIX}{number}-{service}"
    return sid


def pull_statement(principal_arn: str, service: str, taken: Collection[str] = ()) -> Statement:
    """The statement that lets the image puller role `principal_arn` of `service` pull, as AWS's guide writes it."""
    return {
        "Sid": free_sid(service, taken),
        "Effect": "Allow",
        "Principal": {"AWS": principal_arn},
        "Action": list(PULL_ACTIONS),
    }


def is_ours(statement: Statement) -> bool:
    """Whether the statement does what ours do and nothing else: lets one image puller role pull, unconditionally."""
    named = named_by(statement)
    role = service_of(named[0][1]) if len(named) == 1 else None
    return (
        role is not None
        and role.is_puller
        and is_allow(statement)
        and not statement.get("Condition")
        and set(strings(statement.get("Action", ()))) == set(PULL_ACTIONS)
    )


def orphan_of(statement: Statement) -> str:
    """The service whose statement this was, where only the ids of deleted roles are left in it; "" for any other.

    ECR writes a deleted role's ARN as such an id, which tells nothing of the service. That it stands alone in a
    statement that does what ours do, under a Sid as AWS's guide and we write it, does.
    """
    named = named_by(statement)
    dead = bool(named) and all(kind == "AWS" and UNIQUE_ID.fullmatch(value) for kind, value in named)
    ours = set(strings(statement.get("Action", ()))) == set(PULL_ACTIONS) and not statement.get("Condition")
    prefix, _, service = str(statement.get("Sid", "")).partition("-")
    return service if dead and ours and is_allow(statement) and prefix.rstrip("0123456789") == SID_PREFIX else ""


def same_forms(principals: Iterable[str]) -> frozenset[str]:
    """These principals without everyone, each in the form by which an account is found however it is written."""
    return frozenset(same_form(principal) for principal in principals) - {WILDCARD}


def without(statement: Statement, gone: Collection[str], element: str = "Principal") -> Statement | None:
    """The statement without these principals in `element`: itself where it names none, None where nobody is left.

    `gone` is what `same_forms` gives. Lists stay lists and the other elements stay as they are.
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
    """The statement without these in `Principal` or `NotPrincipal`; one that left out only them stays as it is.

    With nobody left in `NotPrincipal` it would speak of everyone, which is for a person to write.
    """
    if "Principal" in statement:
        return without(statement, gone)
    return without(statement, gone, "NotPrincipal") or statement


def _kept(values: Any, gone: Collection[str]) -> Any:
    if isinstance(values, str):
        return "" if same_form(values) in gone else values
    return [value for value in values if same_form(value) not in gone]
