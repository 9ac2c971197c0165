"""Parses a repository reference: its name, its URI or its ARN, as copied from AWS or a terminal. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.ecr_names import ECR_HOST, NAME, PARTITIONS, PUBLIC_HOSTS, named, pasted
from app.errors import Problem

# The length of a repository's name (CreateRepository).
SHORTEST, LONGEST = 2, 256

_PARTITION = "aws"  # the only one with Lightsail, whose services pull from their own account
_LIKE_ECR = re.compile(r"\d{12}\.dkr[.-]ecr(?:-fips)?\..+", re.IGNORECASE)
_ARN = re.compile(r"arn:(?P<partition>[a-z-]+):ecr:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):repository/(?P<name>.+)")
_PUBLIC_ARN = re.compile(r"arn:[a-z-]+:ecr-public:.*")
# `<tag>` is the placeholder for a tag on our own pages.
_TAG = re.compile(r"<tag>|\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-fA-F]{32,128}")
# Repository names may contain dots, so only well-known registries are recognized.
_REGISTRY = re.compile(
    r"docker\.io|(?:index|registry-1)\.docker\.io|(?:registry\.)?hub\.docker\.com|ghcr\.io|quay\.io|(?:[a-z]+\.)?gcr\.io"
    r"|[a-z0-9-]+\.pkg\.dev|mcr\.microsoft\.com|[a-z0-9]+\.azurecr\.io|registry\.gitlab\.com|registry\.k8s\.io"
)
_PORT = re.compile(r"[^:/]+:\d+(?=/)")
_MOST_NAMED = 3


@dataclass(frozen=True)
class Reference:
    """A repository as it was named; `account`, `region` and `partition` are "" for a name alone."""

    name: str
    account: str = ""
    region: str = ""
    partition: str = ""

    def name_in(self, region: str, account: str) -> str:
        """Return the name, for a service in `region` and credentials of `account` ("": not known yet).

        Raises:
            Problem: `repository.of_other_partition`, `repository.of_other_region`, `repository.of_other_account`;
                `repository.account_unknown` when they cannot be compared: the same name may exist in both accounts.
        """
        if self.partition not in ("", _PARTITION):
            raise Problem("repository.of_other_partition", repository=self.name, other=self.partition)
        if self.region and self.region != region:
            raise Problem("repository.of_other_region", repository=self.name, other=self.region, region=region)
        if self.account and not account:
            raise Problem("repository.account_unknown", retryable=True, repository=self.name, other=self.account)
        if self.account and self.account != account:
            raise Problem("repository.of_other_account", repository=self.name, other=self.account, account=account)
        return self.name


def check_name(name: str) -> None:
    """Raise Problem `repository.bad_name` for what ECR would never accept as a repository name."""
    if not SHORTEST <= len(name) <= LONGEST or not NAME.fullmatch(name):
        raise Problem("repository.bad_name", repository=name[:LONGEST])


def parse_reference(text: str) -> Reference:
    """Return the repository that `text` names: by name, URI or ARN, with or without a tag or digest.

    What is pasted with it is ignored (`ecr_names.pasted`).

    Raises:
        Problem: `repository.missing`; `repository.odd_characters`, which names them; `repository.public_ecr`,
            `repository.other_registry`; `repository.bad_name`.
    """
    plain = pasted(text)
    if not plain:
        raise Problem("repository.missing")
    _refuse_odd_characters(plain)
    if arn := _ARN.fullmatch(plain):
        return _checked(Reference(arn["name"], arn["account"], arn["region"], arn["partition"]))
    host, slash, path = plain.partition("/")
    if registry := ECR_HOST.fullmatch(host.lower()):
        if not path:
            raise Problem("repository.missing")
        region = registry["region"]
        partition = "aws-us-gov" if region.startswith("us-gov-") else PARTITIONS[registry["suffix"]]
        return _checked(Reference(_without_tag(path), registry["account"], region, partition))
    if host.lower() in PUBLIC_HOSTS or _PUBLIC_ARN.fullmatch(plain):
        raise Problem("repository.public_ecr", image=plain[:LONGEST])
    if slash and (_REGISTRY.fullmatch(host.lower()) or _LIKE_ECR.fullmatch(host) or _PORT.match(plain)):
        raise Problem("repository.other_registry", registry=host)
    return _checked(Reference(_without_tag(plain)))


def _refuse_odd_characters(text: str) -> None:
    odd = dict.fromkeys(character for character in text if not character.isascii() or ord(character) < ord(" "))
    if odd:
        raise Problem("repository.odd_characters", characters=", ".join(map(named, [*odd][:_MOST_NAMED])))


def _without_tag(path: str) -> str:
    """Return the name before `:tag`, `@digest` or both; `path` itself if what follows is neither."""
    image, _, digest = path.partition("@")
    name, colon, tag = image.partition(":")
    is_image = (not colon or _TAG.fullmatch(tag)) and ("@" not in path or _DIGEST.fullmatch(digest))
    return name if is_image else path


def _checked(reference: Reference) -> Reference:
    check_name(reference.name)
    return reference
