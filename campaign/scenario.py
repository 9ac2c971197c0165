"""What one run is about: what exists at first, what is asked for, and what goes wrong. Plain values from a seed. Pure.

The same seed is the same scenario in every run. Policies are templates: `{web}` stands for the ARN of the service
web's image puller role, `{web.general}` for its general one, which cannot pull images, `{web.former}` for one that it had
before.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
OWN, OTHER = "123456789012", "210987654321"
Document = dict[str, Any]
Statement = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """`role`: active, inactive, older (than such roles), or renewed: active again, with another ARN than before."""

    name: str
    role: str = "active"


@dataclass(frozen=True)
class Repository:
    name: str
    policy: Document | None = None


@dataclass(frozen=True)
class Asked:
    """An operation that is asked for; `cancelled` asks for its end right after.

    `reactivate` undoes the deactivation that was asked for before it, if that has changed anything.
    """

    kind: str
    service: str
    repository: str
    cancelled: bool = False
    input: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True)
class Happening:
    """Something that the sandbox's faults cannot do, right before the call of that number (1 is the first) and action.

    `what`: `updating` makes every service busy for some seconds; `rude` is a writer who puts an earlier text of every
    policy back, with a statement of his own, so that whatever was written since is lost.
    """

    what: str
    call: int
    action: str = "*"
    seconds: float = 8.0


@dataclass(frozen=True)
class Scenario:
    """A run. `one_by_one`: each operation is asked for once the one before has ended; `undo`: the last is undone;
    `as_batch`: all, which are of one kind, are asked for as one batch.
    """

    name: str
    services: tuple[Service, ...]
    repositories: tuple[Repository, ...]
    asks: tuple[Asked, ...]
    faults: tuple[dict[str, Any], ...] = ()
    happenings: tuple[Happening, ...] = ()
    one_by_one: bool = False
    undo: bool = False
    as_batch: bool = False
    order: int = 0
    deployed: bool = False


def statement(sid: str | None, principal: Any, action: Any = None, **more: Any) -> Statement:
    named = {} if sid is None else {"Sid": sid}
    return {**named, "Effect": "Allow", "Principal": principal, "Action": action or PULL, **more}


def document(*statements: Statement, version: str = "2012-10-17") -> Document:
    return {"Version": version, "Statement": list(statements)}


def foreign(number: int) -> Statement:
    """What somebody else writes to a policy while we are at it."""
    return statement(f"Foreign{number}", {"AWS": f"arn:aws:iam::{OTHER}:role/deploy-{number}"})


# Statements of other people, as they stand in real policies.
FOREIGN: tuple[Statement, ...] = (
    statement("CrossAccountPull", {"AWS": OTHER}),
    statement(
        "LambdaECRImageRetrievalPolicy",
        {"Service": "lambda.amazonaws.com"},
        Condition={"StringLike": {"aws:sourceArn": f"arn:aws:lambda:us-east-1:{OWN}:function:nightly-*"}},
    ),
    statement(
        "ReadForBuilds",
        {"AWS": [f"arn:aws:iam::{OWN}:role/ci-build", f"arn:aws:iam::{OWN}:role/ci-nightly", OTHER]},
        ["ecr:BatchGet*", "ecr:Get*"],
    ),
    statement(None, {"AWS": f"arn:aws:iam::{OWN}:user/mika"}, "ecr:*"),
    statement("AllowLightsailPull-web", {"AWS": f"arn:aws:iam::{OWN}:role/not-lightsail"}),
    {
        "Sid": "NoPush",
        "Effect": "Deny",
        "NotPrincipal": {"AWS": f"arn:aws:iam::{OWN}:role/ci"},
        "Action": "ecr:PutImage",
    },
    statement("Ünïcode “quoted”", {"AWS": [OTHER]}, ["ecr:DescribeImages"]),
    statement("CrossAccountPull", {"AWS": f"arn:aws:iam::{OTHER}:root"}, ["ecr:BatchCheckLayerAvailability"]),
)


def drawn(seed: int) -> Scenario:
    """The scenario of a seed, with faults."""
    lot = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    services = tuple(
        Service(name, lot.choices(("active", "inactive", "older", "renewed"), (5, 3, 1, 1))[0])
        for name in ("web", "api", "my-web")[: lot.choice((1, 2, 2, 3))]
    )
    repositories = tuple(
        Repository(name, _policy(lot, services)) for name in ("shop/web", "shop/base")[: lot.choice((1, 1, 2))]
    )
    asks = tuple(
        Asked(
            lot.choices(("grant", "revoke", "repair"), (6, 4, 2))[0],
            lot.choice(services).name,
            lot.choice(repositories).name,
            cancelled=lot.random() < 0.05,
        )
        for _ in range(lot.randint(1, 4))
    )
    happenings = tuple(
        Happening(lot.choice(("updating", "rude")), lot.randint(1, 12), seconds=lot.choice((2.0, 8.0, 40.0)))
        for _ in range(lot.choices((0, 1, 2), (6, 3, 1))[0])
    )
    scenario = Scenario(
        str(seed),
        services,
        repositories,
        asks,
        faults=tuple(random_fault(lot, number) for number in range(lot.choices((0, 1, 2, 3), (1, 4, 3, 2))[0])),
        happenings=happenings,
        one_by_one=lot.random() < 0.4,
        undo=lot.random() < 0.4,
        order=lot.randrange(1_000_000),
    )
    if not scenario.one_by_one or lot.random() < 0.6:
        return scenario
    return replace(scenario, asks=(*scenario.asks, *off_and_on(lot.choice(services).name)), undo=False)


def off_and_on(service: str) -> tuple[Asked, Asked]:
    """A deactivation that removes the role from all policies, and its undo."""
    return Asked("deactivate", service, "", input=(("remove_statements", True),)), Asked("reactivate", service, "")


def _policy(lot: random.Random, services: tuple[Service, ...]) -> Document | None:
    if lot.random() < 0.25:
        return None
    statements = list(lot.sample(FOREIGN, lot.randint(0, 3)))
    for service in services:
        statements += _own(lot, service)
    lot.shuffle(statements)
    if not statements:
        return None
    made: Document = {"Version": lot.choice(("2008-10-17", "2012-10-17")), "Statement": statements}
    if len(statements) == 1 and lot.random() < 0.5:
        made["Statement"] = statements[0]  # ECR takes a single statement without a list
    if lot.random() < 0.2:
        made["Id"] = "shop"
    return made


def _own(lot: random.Random, service: Service) -> list[Statement]:
    """What the policy says of a service already: mostly nothing."""
    name, shape = service.name, lot.random()
    if shape < 0.08:  # the mistake of the guide's readers
        return [statement(f"AllowLightsailPull-{name}", {"AWS": f"{{{name}.general}}"})]
    if service.role == "renewed" and shape < 0.3:  # a role that is no more: ECR reads it back as a bare id
        return [statement(f"AllowLightsailPull-{name}", {"AWS": f"{{{name}.former}}"})]
    if service.role not in ("active", "renewed") or shape < 0.5:
        return []
    if shape < 0.7:
        return [statement(f"AllowLightsailPull-{name}", {"AWS": f"{{{name}}}"})]
    if shape < 0.85:
        shared = [f"{{{name}}}", f"arn:aws:iam::{OWN}:role/ci-build"]
        return [statement("Shared", {"AWS": shared})]
    return [
        statement("AllowLightsailPull", {"AWS": f"{{{name}}}"}, PULL[0]),
        statement("AllowLightsailPull", {"AWS": f"{{{name}}}"}, PULL[1]),
    ]


READ, WRITE, SWITCH = "ecr:GetRepositoryPolicy", "ecr:*RepositoryPolicy", "lightsail:UpdateContainerService"
# Kinds of faults: the calls that they can hit.
KINDS: dict[str, str] = {
    "throttle": "*",
    "unavailable": "*",
    "error": "*",
    "reset": "*",
    "timeout": "*",
    "timeout_after": "*",
    "lost_response": "*",
    "stale_read": READ,
    "principal_not_found": "ecr:SetRepositoryPolicy",
    "busy": SWITCH,
    "foreign_before": WRITE,
    "foreign_after": WRITE,
}


def fault(kind: str, number: int, **rule: Any) -> dict[str, Any]:
    """A fault as the sandbox takes it."""
    extra: dict[str, dict[str, Any]] = {
        "timeout_after": {"kind": "timeout", "effect": True},
        "error": {
            "code": "ServerException",
            "message": "These errors are usually caused by a server-side issue.",
            "status": 500,
        },
        "foreign_before": {"kind": "foreign_write", "when": "before", "statement": foreign(number)},
        "foreign_after": {"kind": "foreign_write", "when": "after", "statement": foreign(number)},
    }
    return {"kind": kind, "action": KINDS[kind], **extra.get(kind, {}), **rule}


def random_fault(lot: random.Random, number: int) -> dict[str, Any]:
    """One or a few calls hit by one kind of fault, somewhere in the run."""
    kind = lot.choice(tuple(KINDS))
    often = lot.random() < 0.3
    rule: dict[str, Any] = {"after": lot.randint(0, 7), "times": lot.randint(1, 4)}
    if kind == "stale_read":  # ECR lags behind for a moment, not now and then for ever
        rule["times"] = min(3, rule["times"])
    elif often:
        rule = {"probability": 0.4, "times": lot.randint(2, 8), "seed": lot.randrange(1_000_000)}
    return fault(kind, number, **rule)
