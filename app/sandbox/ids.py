"""Ids that AWS would choose at random, here derived from what they name, so that they are the same in every run."""

from __future__ import annotations

import base64
import hashlib
import uuid

# The accounts in which AWS keeps its Lightsail roles, as seen in public captures; other regions get an invented one.
KNOWN_LIGHTSAIL_ACCOUNTS = {"us-east-1": "947856326339", "ca-central-1": "170441448102"}


def digest(*parts: object) -> bytes:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).digest()


def letters(*parts: object, length: int = 52) -> str:
    """Return lower-case base32 letters and digits."""
    return base64.b32encode(digest(*parts)).decode().rstrip("=").lower()[:length]


def uuid_of(*parts: object) -> str:
    return str(uuid.UUID(bytes=digest(*parts)[:16], version=4))


def unique_id(arn: str) -> str:
    """Return the unique id that IAM shows for a deleted principal: AROA… for a role, AIDA… for a user."""
    kind = "AIDA" if ":user/" in arn else "AROA"
    return kind + letters("unique id", arn, length=17).upper()


def lightsail_account(region: str) -> str:
    account = KNOWN_LIGHTSAIL_ACCOUNTS.get(region)
    return account or str(int.from_bytes(digest("lightsail account", region)[:6]) % 900_000_000_000 + 100_000_000_000)


def service_role_arn(account: str, region: str, service: str, nonce: object) -> str:
    """Return the ARN of the service's general role: the one that does not pull images."""
    tail = letters("service role", account, region, service, nonce)
    return f"arn:aws:iam::{lightsail_account(region)}:role/amazon/lightsail/{region}/containers/{service}/{tail}"


def puller_role_arn(account: str, region: str, service: str, nonce: object) -> str:
    tail = letters("image puller role", account, region, service, nonce)
    return (
        f"arn:aws:iam::{lightsail_account(region)}:role/amazon/lightsail/{region}/containers/{service}"
        f"/private-repo-access/{tail}"
    )
