"""Where an AWS configuration file is invalid: the line number, never its content, which may be a secret key."""

from __future__ import annotations

import codecs
import configparser
from pathlib import Path
from typing import Any, Final

# A larger file is the wrong file.
LARGEST: Final = 1_000_000


def where_it_breaks(path: str, error: Any) -> dict[str, str | int]:
    """Return `path`, the `line` (0: not known) and a `reason`: `bom`, `line` or "" if not known.

    `error` is what the parser of such files raised.
    """
    content = _content(path)
    if content.startswith(codecs.BOM_UTF8):
        return {"path": path, "line": 1, "reason": "bom"}
    line = _line_of(error, content)
    return {"path": path, "line": line, "reason": "line" if line else ""}


def _content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST)
    except OSError:
        return b""


def _line_of(error: Any, content: bytes) -> int:
    line = getattr(error, "lineno", None)
    if isinstance(error, configparser.Error) and line:
        return int(line)
    if isinstance(error, configparser.ParsingError) and getattr(error, "errors", None):
        return int(error.errors[0][0])
    if isinstance(error, UnicodeDecodeError):
        return next((number for number, line in enumerate(content.split(b"\n"), 1) if not _is_text(line)), 0)
    return 0


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
