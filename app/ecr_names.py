"""ECR's names of repositories and hosts, and how people paste them: with a scheme, odd characters, full width."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# ECR's rule for repository names (CreateRepository).
NAME: Final = re.compile(r"(?:[a-z0-9]+(?:[._-]+[a-z0-9]+)*/)*[a-z0-9]+(?:[._-]+[a-z0-9]+)*")
PUBLIC_HOSTS: Final = frozenset({"public.ecr.aws", "ecr-public.aws.com", "gallery.ecr.aws"})
SCHEME: Final = re.compile(r"(?:https?|docker|docker-image|oci)://", re.IGNORECASE)
# A Japanese keyboard types these instead of ASCII characters.
FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


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
