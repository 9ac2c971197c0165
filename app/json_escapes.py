"""Writes characters that no database or answer can hold as JSON escapes them. Pure."""

from __future__ import annotations

import re
from typing import Final

# UTF-8 holds no half of a surrogate pair, and PostgreSQL no NUL; whoever writes a policy can put them into a string.
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")


def encodable(text: str) -> str:
    """Return the text with such characters as JSON escapes; within a JSON string it means the same."""
    return _NO_TEXT.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
