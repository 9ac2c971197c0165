"""Policies to compare verdicts on: the corpus, changed at random, under registry policies of either scope."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from tools.compare_simulator.worlds import ACCOUNT, LIGHTSAIL, PULLER, REPOSITORY

CORPUS = Path(__file__).parents[2] / "tests" / "policy" / "corpus"
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
MIKA = f"arn:aws:iam::{ACCOUNT}:user/mika"
PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": "*"},
    {"AWS": PULLER},
    {"AWS": [MIKA, PULLER]},
    {"AWS": LIGHTSAIL},
    {"AWS": f"arn:aws:iam::{LIGHTSAIL}:root"},
    {"AWS": MIKA},
    {"AWS": f"arn:aws:iam::{LIGHTSAIL}:role/other"},
    {"Service": "lightsail.amazonaws.com"},
    {"AWS": PULLER, "Service": "lambda.amazonaws.com"},
)
ACTIONS: tuple[Any, ...] = (
    PULL,
    PULL,
    "ecr:*",
    "*",
    "ecr:Batch*",
    ["ecr:batchgetimage", "ecr:?etDownloadUrlForLayer"],
    PULL[0],
    PULL[1],
    ["ecr:PutImage", "ecr:Get*"],
    "ecr:PutImage",
)
RESOURCES: tuple[Any, ...] = (
    "*",
    REPOSITORY,
    f"arn:aws:ecr:*:{ACCOUNT}:repository/shop/*",
    [f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/blog/*", f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/*/api"],
    f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/blog/*",
    f"arn:aws:ecr:eu-west-?:{ACCOUNT}:repository/shop/ap?",
)
STRINGS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike", "StringEqualsIgnoreCase")
ARNS = ("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike", *STRINGS)
DATES = (
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
)
NUMBERS = ("NumericLessThan", "NumericGreaterThanEquals", "NumericEquals", "NumericNotEquals")
ADDRESSES = ("IpAddress", "NotIpAddress")
ORGANIZATIONS = ("o-exampleorgid", "o-*", "*", "o-example*")
TESTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("aws:PrincipalArn", ARNS, (PULLER, "arn:aws:iam::*:role/amazon/lightsail/*", f"arn:aws:iam::{ACCOUNT}:*", MIKA, PULLER.upper())),
    ("aws:PrincipalAccount", STRINGS, (LIGHTSAIL, ACCOUNT, "9478*", "????????????", "${aws:PrincipalAccount}", "${aws:ResourceAccount}")),
    ("aws:PrincipalOrgID", STRINGS, ORGANIZATIONS),
    ("aws:PrincipalOrgPaths", STRINGS, ("o-exampleorgid/r-ab12/*", "o-exampleorgid/*", "*")),
    ("aws:PrincipalIsAWSService", ("Bool",), ("true", "false")),
    ("aws:PrincipalServiceName", STRINGS, ("lightsail.amazonaws.com", "*")),
    ("aws:PrincipalType", STRINGS, ("AssumedRole", "User", "*")),
    ("aws:PrincipalTag/team", STRINGS, ("shop", "aws", "*")),
    ("aws:userid", STRINGS, ("AROAEXAMPLE:*", "AIDAEXAMPLE*", "*", "111122223333")),
    ("aws:username", STRINGS, ("mika", "*")),
    ("aws:SourceArn", ARNS, ("arn:aws:lambda:*:*:function:*", "arn:aws:iam::*:role/*")),
    ("aws:SourceAccount", STRINGS, (ACCOUNT, "*")),
    ("aws:SourceOrgID", STRINGS, ORGANIZATIONS),
    ("aws:SecureTransport", ("Bool",), ("true", "false", "TRUE")),
    ("aws:ViaAWSService", ("Bool",), ("true", "false")),
    ("aws:CalledVia", STRINGS, ("athena.amazonaws.com", "*")),
    ("aws:CalledViaFirst", STRINGS, ("athena.amazonaws.com",)),
    ("aws:MultiFactorAuthPresent", ("Bool",), ("true", "false")),
    ("aws:MultiFactorAuthAge", NUMBERS, ("3600",)),
    ("aws:SourceIp", ADDRESSES, ("203.0.113.0/24", "198.51.100.9", "0.0.0.0/0")),
    ("aws:VpcSourceIp", ADDRESSES, ("10.0.0.0/8",)),
    ("aws:SourceVpc", STRINGS, ("vpc-0123456789abcdef0", "vpc-*", "*")),
    ("aws:SourceVpce", STRINGS, ("vpce-0123456789abcdef0", "vpce-*")),
    ("aws:VpceAccount", STRINGS, (ACCOUNT, LIGHTSAIL)),
    ("aws:VpceOrgID", STRINGS, ORGANIZATIONS),
    ("aws:RequestedRegion", STRINGS, ("eu-west-1", "us-east-1", "eu-*")),
    ("aws:ResourceAccount", STRINGS, (ACCOUNT, LIGHTSAIL)),
    ("aws:ResourceTag/public", STRINGS, ("yes",)),
    ("aws:ResourceOrgID", STRINGS, ORGANIZATIONS),
    ("aws:RequestTag/team", STRINGS, ("shop", "*")),
    ("aws:TagKeys", STRINGS, ("team", "*")),
    ("aws:CurrentTime", DATES, ("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "2026-11-27", "2026-11-27T12:00:00Z")),
    ("aws:EpochTime", DATES, ("2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z")),
    ("aws:TokenIssueTime", DATES, ("2026-11-27T11:30:00Z",)),
    ("s3:TlsVersion", NUMBERS, ("1.1", "1.2", "1.3")),
    ("aws:FederatedProvider", STRINGS, ("arn:aws:iam::220022002200:oidc-provider/example.com", "*")),
    ("saml:aud", STRINGS, ("https://signin.aws.amazon.com/saml",)),
    ("ec2:RoleDelivery", NUMBERS, ("2.0",)),
)  # fmt: skip
KEY_CASES = (str, str, str.lower, str.upper)


@dataclass(frozen=True)
class Case:
    """The two policies of one pull; without a registry's policy its scope is empty."""

    repository: dict[str, Any]
    registry: dict[str, Any] | None = None
    scope: str = ""

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The statements that decide: under V2 those of both."""
        theirs = self.registry["Statement"] if self.registry and self.scope == "V2" else []
        return [*self.repository["Statement"], *theirs]


def cases(count: int, seed: int) -> Iterator[Case]:
    """So many cases, the same ones for the same seed."""
    random = Random(seed)  # noqa: S311  (no secret)
    corpus = [_listed(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(CORPUS.glob("*.json"))]
    yield from (Case(policy) for policy in corpus)
    for at in range(count - len(corpus)):
        policy = json.loads(json.dumps(corpus[at % len(corpus)]))
        if random.random() < 0.7:
            policy["Statement"].append({"Effect": "Allow", "Principal": {"AWS": PULLER}, "Action": PULL})
        for _ in range(random.randint(1, 3)):
            _change(policy, random)
        yield _under_registry(policy, random)


def _listed(policy: dict[str, Any]) -> dict[str, Any]:
    statements = policy["Statement"]
    return {**policy, "Statement": [statements] if isinstance(statements, dict) else statements}


def _under_registry(policy: dict[str, Any], random: Random) -> Case:
    if random.random() < 0.6:
        return Case(policy)
    statements = [_statement(random) for _ in range(random.randint(1, 2))]
    for statement in statements:
        statement["Resource"] = random.choice(RESOURCES)
    # Both policies in one for the simulator, so they must be of one Version.
    version = {"Version": policy["Version"]} if "Version" in policy else {}
    return Case(policy, {**version, "Statement": statements}, random.choice(("V1", "V2", "V2")))


def _change(policy: dict[str, Any], random: Random) -> None:
    statement = random.choice(policy["Statement"])
    match random.randrange(8):
        case 0:
            statement["Effect"] = random.choice(("Allow", "Deny"))
        case 1 if "NotPrincipal" not in statement:
            statement["Principal"] = random.choice(PRINCIPALS)
        case 2 if "NotAction" not in statement:
            statement["Action"] = random.choice(ACTIONS)
        case 3 | 4:
            statement["Condition"] = _condition(random)
        case 5:
            policy["Version"] = random.choice(("2008-10-17", "2012-10-17"))
        case 6 if "Action" in statement:
            statement["NotAction"] = random.choice(ACTIONS)
            del statement["Action"]
        case _:
            policy["Statement"].insert(random.randint(0, len(policy["Statement"])), _statement(random))


def _statement(random: Random) -> dict[str, Any]:
    statement = {
        "Effect": random.choice(("Allow", "Deny")),
        "Principal": random.choice(PRINCIPALS),
        "Action": random.choice(ACTIONS),
    }
    return {**statement, "Condition": _condition(random)} if random.random() < 0.6 else statement


def _condition(random: Random) -> dict[str, Any]:
    condition: dict[str, Any] = {}
    for key, operators, values in random.sample(TESTS, random.choice((1, 1, 1, 2, 3))):
        chosen = random.sample(values, random.randint(1, min(2, len(values))))
        key_as_written = random.choice(KEY_CASES)(key)
        if random.random() < 0.12:
            condition.setdefault("Null", {})[key_as_written] = random.choice(("true", "false"))
            continue
        quantifier = random.choice(("", "", "", "ForAnyValue:", "ForAllValues:"))
        if_exists = random.choice(("", "", "IfExists")) if not quantifier else ""
        operator = f"{quantifier}{random.choice(operators)}{if_exists}"
        condition.setdefault(operator, {})[key_as_written] = chosen if len(chosen) > 1 else chosen[0]
    return condition
