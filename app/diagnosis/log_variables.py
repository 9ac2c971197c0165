"""Finds in a container's log an environment variable that isn't set, as programs and libraries say it. Pure; linear."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from typing import Final

# A name without _ is one only after words that speak of variables: "no SSL" and "configure HTTPS" name none.
_VARIABLE: Final = re.compile(
    r"(?:environment variable,?|env(?:ironment)? var|\b[Mm]issing env|variable|KeyError:"
    r"|missing|required|undefined|unset|getenv|placeholder"
    r"|\bvar\w* (?:is )?(?:not found|not set|missing|undefined|required|unset)|required key"
    # "Environment variables: A=1" lists what is there.
    r"|\b(?i:missing|required|invalid|undefined|unset|following|need\w*|must|lack\w*) [^\n:]{0,60}?"
    r"\b(?:var(?:iable)?s|keys))"
    r"[ :'\"`({\[]{1,4}([A-Z][A-Z0-9_]{2,60})\b"
    # Of a shell, `${POSTGRES_HOST:?must be set}`
    r"|^\S{1,200}: (?:line )?\d{1,5}: (?!(?:ERROR|FATAL|CRITICAL|WARN|WARNING|INFO|DEBUG):)([A-Z][A-Z0-9_]{2,60}): "
    # Of a shell: `line 8: POSTGRES_HOST: unbound variable`; of Python's decouple: `SECRET_KEY not found. Declare it`
    r"|\b([A-Z][A-Z0-9_]{2,60})(?:: (?:unbound variable|parameter (?:null or )?not set)| not found\. Declare it as)"
    # Of Ruby's `ENV.fetch` and PHP's `$_ENV`: other keys are the program's own
    r"|(?:key not found:|Undefined (?:array key|index):?) [\"']?([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})\b"
    r"|\b(?:[Nn]o|set|specify|provide|define|configure|Missing|Required|Undefined)(?: one of| either)?"
    r"[ :'\"`(]{1,4}([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})\b"
    # One in lower case only where it can be no other word: with a _, or quoted.
    r"|\b(?:environment variable|env(?:ironment)? var)[ :]{1,2}"
    r"(?:([a-z][a-z0-9]{0,30}_[a-z0-9_]{1,60})\b|['\"`]([A-Za-z]\w{1,60})['\"`])"
    r"|\b([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})['\"`]? (?i:is|was|must|environment|env|not|cannot|has)\b[^\n]{0,40}"
    r"(?i:not set|required|missing|undefined|set|defined|empty|not found|provided|variable)"
)
# A list of variables, as MySQL's image and envalid write it: its heading, then a line for each.
_VARIABLES_HEADING: Final = re.compile(
    r"\b(?:missing|required|invalid|undefined|unset|following|need\w*|must|lack\w*) [^\n:]{0,60}?"
    r"\b(?:environment variable|env var|variables)s?[^\n:]{0,80}:[ \[{]{0,3}$",
    re.IGNORECASE,
)
_LISTED_VARIABLE: Final = re.compile(r"^\W{0,12}([A-Z][A-Z0-9_]{2,60})\b(?!=)")
# Of zod, some lines below the heading: `path: [ 'DATABASE_URL' ],`
_VARIABLE_PATH: Final = re.compile(r"^\W{0,12}path\W{1,8}([A-Za-z_][A-Za-z0-9_]{1,60})\b")
_MOST_BELOW: Final = 8
# Of pydantic: `1 validation error for Settings`, then a line with the field and one that says what is wrong with it
_SETTINGS_HEADING: Final = re.compile(r"\bvalidation errors? for \w*(?:settings|config|env)\w*\s*$", re.IGNORECASE)
_FIELD: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_]{1,60})\s*$")
_FIELD_REQUIRED: Final = re.compile(r"^\s+field required\b", re.IGNORECASE)


def names_variable(line: str) -> bool:
    """Return whether a line says of a variable that it is missing or wrong."""
    return _VARIABLE.search(line) is not None


def missing_variable(lines: Iterable[str], is_set: Container[str]) -> tuple[str, str] | None:
    """Return the first line that names a variable which the deployment doesn't set, and the variable.

    Args:
        lines: the container's own.
        is_set: the names of the variables that the deployment sets.
    """
    since_heading, in_settings, before = _MOST_BELOW, False, ""
    for line in lines:
        in_settings = in_settings or _SETTINGS_HEADING.search(line) is not None
        match = _listed(line, since_heading) or _VARIABLE.search(line)
        since_heading = 0 if _VARIABLES_HEADING.search(line) else since_heading + 1
        name = next((group for group in match.groups() if group), "") if match else ""
        if name and name not in is_set:
            return line, name
        field = _FIELD.search(before) if in_settings and _FIELD_REQUIRED.search(line) else None
        if field and field[1].upper() not in is_set:
            return f"{field[1]}: field required", field[1].upper()  # the rest of the line holds values
        before = line
    return None


def _listed(line: str, since_heading: int) -> re.Match[str] | None:
    """Return the match of a variable in a list: on the line below the heading, or as zod writes it further below."""
    if since_heading >= _MOST_BELOW:
        return None
    return (_LISTED_VARIABLE.search(line) if since_heading == 0 else None) or _VARIABLE_PATH.search(line)
