"""ECR's names of repositories and hosts, and how people paste them: in a command, in quotes, with a scheme, full width."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# ECR's rule for repository names (CreateRepository).
NAME: Final = re.compile(r"(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
# The suffixes of ECR's hosts and the partition of each (botocore's partitions.json). Lightsail is in `aws` only.
PARTITIONS: Final = {
    "amazonaws.com": "aws",
    "on.aws": "aws",
    "amazonaws.com.cn": "aws-cn",
    "on.amazonwebservices.com.cn": "aws-cn",
    "amazonaws.eu": "aws-eusc",
    "c2s.ic.gov": "aws-iso",
    "sc2s.sgov.gov": "aws-iso-b",
    "cloud.adc-e.uk": "aws-iso-e",
    "csp.hci.ic.gov": "aws-iso-f",
}
# 123456789012.dkr.ecr.us-east-1.amazonaws.com, with -fips, in other partitions, and dual-stack as …dkr-ecr.…on.aws.
ECR_HOST: Final = re.compile(
    r"(?P<account>\d{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\."
    rf"(?P<suffix>{'|'.join(map(re.escape, PARTITIONS))})(?::\d+)?",
    re.IGNORECASE,
)
DOCKER_HUB: Final = frozenset({"docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com"})
PUBLIC_HOSTS: Final = frozenset({"public.ecr.aws", "ecr-public.aws.com", "gallery.ecr.aws"})
SCHEME: Final = re.compile(r"(?:https?|docker|docker-image|oci)://", re.IGNORECASE)
# A Japanese keyboard types these instead of ASCII characters.
FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_QUOTES: Final = "\"'`,;\u2018\u2019\u201c\u201d"
_COMMANDS: Final = frozenset({"docker", "podman", "nerdctl", "finch"})


def pasted(text: str) -> str:
    """Return the image or repository in what was pasted, without its scheme and what is around it.

    That is the argument of `docker pull`, the one URI of ECR behind other words, and one behind Docker Hub's host, which
    some tools put before every image.
    """
    plain = _bare(text)
    words = [_bare(word) for word in plain.split()]
    uris = {word for word in words[1:] if ECR_HOST.fullmatch(word.partition("/")[0])}
    is_whole = not any(word.startswith((":", "@")) for word in words)  # a tag behind a space isn't to be lost
    if len(uris) == 1 and is_whole:
        return uris.pop()
    is_pull = len(words) == 3 and words[0] in _COMMANDS and words[1] in ("pull", "push")
    return words[2] if is_pull else plain


def _bare(text: str) -> str:
    bare = SCHEME.sub("", trimmed(trimmed(text).translate(FULL_WIDTH).strip(_QUOTES)), count=1).strip("/")
    host, _, path = bare.partition("/")
    is_behind_hub = host.lower() in DOCKER_HUB and ECR_HOST.fullmatch(path.partition("/")[0])
    return path if is_behind_hub else bare


def trimmed(text: str) -> str:
    """Return the text without white space and invisible characters at its ends."""
    start, end = 0, len(text)
    while start < end and _is_unseen(text[start]):
        start += 1
    while end > start and _is_unseen(text[end - 1]):
        end -= 1
    return text[start:end]


def named(character: str) -> str:
    """Return `ZERO WIDTH SPACE (U+200B)`; the character itself may be invisible."""
    return f"{unicodedata.name(character, 'control character')} (U+{ord(character):04X})"


def _is_unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) in {"Cc", "Cf"}
