"""The text of a policy from AWS's answer, as it can be stored, hashed and shown. Parses nothing."""

from __future__ import annotations

import re
from typing import Final

# UTF-8 holds no half of a surrogate pair, and PostgreSQL no NUL; whoever writes a policy can put them into a string.
_NO_TEXT: Final = re.compile("[\0\ud800-\udfff]")


def policy_text(answered: str) -> str:
    """Return a policy's text with such characters as JSON escapes: in a JSON string, where they are, the same."""
    return _NO_TEXT.sub(lambda match: f"\\u{ord(match[0]):04x}", answered)
