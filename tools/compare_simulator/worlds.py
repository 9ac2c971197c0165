"""The request contexts in which a pull may happen, written apart from the product: what a key can be, and what not."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any, TypeAlias

LIGHTSAIL = "947856326339"
PULLER = f"arn:aws:iam::{LIGHTSAIL}:role/amazon/lightsail/eu-west-1/containers/shop/private-repo-access/k3v9"
ACCOUNT = "220022002200"
REPOSITORY = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/shop/api"
NOW = "2026-11-27T12:00:00Z"
EPOCH = 1_795_780_800

World: TypeAlias = dict[str, str | list[str]]

ALWAYS: World = {
    "aws:PrincipalArn": PULLER,
    "aws:PrincipalAccount": LIGHTSAIL,
    "aws:PrincipalType": "AssumedRole",
    "aws:PrincipalIsAWSService": "false",
    "aws:ViaAWSService": "false",
    "aws:SecureTransport": "true",
    "aws:CurrentTime": NOW,
    "aws:EpochTime": NOW,  # the simulator takes seconds for milliseconds
    "aws:RequestedRegion": "eu-west-1",
    "aws:ResourceAccount": ACCOUNT,
}
OPEN: dict[str, tuple[str | list[str] | None, ...]] = {
    "aws:userid": ("AROAEXAMPLE:lightsail", "AROALIGHTSAIL:session", "AROALIGHTSAIL:x"),
    "aws:PrincipalOrgID": (None, "o-ofamazon01"),
    "aws:PrincipalOrgPaths": (None, ["o-ofamazon01/r-am01/ou-am01-lightsail/"]),
    "aws:PrincipalTag/team": (None, "shop", "aws"),
    "aws:SourceIp": (None, "203.0.113.9", "198.51.100.9", "192.0.2.1"),
    "aws:VpcSourceIp": (None, "10.1.2.3", "172.31.0.9"),
    "aws:SourceVpc": (None, "vpc-ofamazon0000000001"),
    "aws:SourceVpce": (None, "vpce-ofamazon0000000001"),
    "aws:VpceAccount": (None, LIGHTSAIL, "906090609060"),
    "aws:VpceOrgID": (None, "o-ofamazon01"),
    "aws:MultiFactorAuthPresent": (None, "false"),
    "aws:SourceIdentity": (None, "mika"),
    "aws:UserAgent": ("containerd/2.0", "docker/27.0 linux"),
    "aws:TokenIssueTime": ("2026-11-27T11:00:00Z", "2026-11-27T11:30:00Z", "2026-11-27T11:59:00Z"),
    "aws:ResourceTag/public": (None, "yes", "no"),
    "ecr:ResourceTag/public": (None, "yes", "no"),
    "aws:ResourceOrgID": (None, "o-exampleorgid", "o-example2", "o-others"),
    "s3:TlsVersion": (None, "1.2", "1.3"),
    "ec2:RoleDelivery": (None, "1.0", "2.0", "3.0"),
}
"""Keys that may be absent (None) or have one of these values. Keys in neither table are absent in every pull."""


def worlds_of(policy: dict[str, Any], random: Random, count: int) -> list[World]:
    """Contexts that differ in the open keys that this policy tests."""
    tested = {key.lower() for key in _keys(policy)}
    text = str(policy).lower()
    open_keys = [key for key in OPEN if key.lower() in tested or f"${{{key.lower()}" in text]
    worlds = [_world(open_keys, random) for _ in range(count if open_keys else 1)]
    return [world for at, world in enumerate(worlds) if world not in worlds[:at]]


def _world(open_keys: Iterable[str], random: Random) -> World:
    chosen = {key: random.choice(OPEN[key]) for key in open_keys}
    return {**ALWAYS, **{key: value for key, value in chosen.items() if value is not None}}


def _keys(policy: dict[str, Any]) -> Iterable[str]:
    for statement in policy["Statement"]:
        for keys in statement.get("Condition", {}).values():
            yield from keys
