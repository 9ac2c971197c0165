"""Finds in a container's log an environment variable that isn't set, as programs and libraries say it. Pure; linear."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Final

# A name without _ is one only after words that speak of variables: "no SSL" and "configure HTTPS" name none.
_VARIABLE: Final = re.compile(
    r"(?:environment variable,?|env(?:ironment)? var|\b[Mm]issing env|variable|KeyError:"
    # Not "missing URL scheme"
    r"|(?:missing|required|undefined|unset)"
    r"(?!\W{1,4}[A-Z][A-Z0-9]{1,60} (?!(?:env|var|is|was|in|from|for|and|or|but|not|must|please)\w{0,12}\b)[a-z])"
    r"|getenv|placeholder"
    r"|\bvar\w* (?:is )?(?:not found|not set|missing|undefined|required|unset)|required key"
    # "Environment variables: A=1" lists what is there.
    r"|\b(?i:missing|required|invalid|undefined|unset|following|need\w*|must|lack\w*) [^\n:]{0,60}?"
    r"\b(?:var(?:iable)?s|keys))"
    r"[ :'\"`({\[]{1,5}([A-Z][A-Z0-9_]{2,60})\b"
    # Of a value that is required, as in "missing required value: DATABASE_URL"; of one that can't be expanded
    r"|\b(?:missing|required|expand|resolve)(?: \w{1,12}){0,3}? (?:value|setting|option|key|secret|config(?:uration)?|parameter|property)"
    r"(?: for)?[ :'\"`]{1,4}([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})\b"
    # Of Micronaut and of Typesafe's configuration: `Could not resolve placeholder ${JDBC_URL}`
    r"|(?:resolv|substitut|placeholder|expand|interpolat|undefined|unset)[^\n]{0,120}?\$\{\??([A-Z][A-Z0-9_]{2,60})\b"
    # "variable de entorno X", "variable d'environnement X"; Japanese, Chinese, Korean
    r"|\b[Vv]ari(?:ab(?:le|il|el)|ável)\w{0,3} (?:d[a-z]{0,2}[ '\u2019])?(?:[a-z]{4,16}[ :]{1,2})?['\"`«]?([A-Z][A-Z0-9_]{2,60})\b"
    r"|(?:環境変数|环境变量|環境變數|환경 ?변수)[ :\uff1a「'\"`]{0,4}([A-Z][A-Z0-9_]{2,60})(?=[^\n]{0,40}(?:未|ません|ない|必|不|없|않|필요|缺|没|沒))"
    # Of a shell, `${POSTGRES_HOST:?must be set}`
    r"|^\S{1,200}: (?:line )?\d{1,5}: (?!(?:ERROR|FATAL|CRITICAL|WARN|WARNING|INFO|DEBUG):)([A-Z][A-Z0-9_]{2,60}): "
    # Of a shell: `line 8: POSTGRES_HOST: unbound variable`; of Haskell; of Python's decouple: `SECRET_KEY not found.
    # Declare it`
    r"|\b([A-Z][A-Z0-9_]{2,60})(?:: (?:unbound variable|parameter (?:null or )?not set|getEnv: |(?:cannot|must not) be (?:blank|empty)\b)| not found\. Declare it as)"
    # Of Ruby's `ENV.fetch` and PHP's `$_ENV`: other keys are the program's own
    r"|(?:key not found:|Undefined (?:array key|index):?) [\"']?([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})\b"
    r"|\b(?:[Nn]o|set|specify|provide|define|configure|Missing|Required|Undefined)(?: the| one of| either)?"
    r"[ :'\"`(]{1,4}([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})\b"
    # Of zod, where its errors are one line of JSON
    r"|\breceived\W{1,5}undefined\b[^\n]{0,40}?\bpath\W{1,8}([A-Z][A-Z0-9_]{2,60})\b"
    # In advice: `For example, "-e POSTGRES_PASSWORD=password" on "docker run"`
    r"|(?<![\w-])-e ([A-Z][A-Z0-9_]{2,60})="
    r"|\b([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60}) (?:config(?:uration)? )?(?:option|setting|key|value|parameter)"
    r" (?:(?:is|was) (?:required|missing|unset|undefined|empty|not (?:set|given|provided))|(?:must|needs to) be (?:set|given|provided))\b"
    # One with lower case only where it can be no other word: with a _, or quoted. .NET and Ghost: `Logging__Level`
    r"|\b(?i:environment variable|env(?:ironment)? var)[ :]{1,2}"
    r"(?:([a-z][a-z0-9]{0,30}_[a-z0-9_]{1,60})\b|([A-Za-z]\w{0,40}?__\w{1,40})\b|['\"`]([A-Za-z]\w{1,60})['\"`])"
    # Of Directus: `"KEY" Environment Variable is missing.`
    r"|['\"`]([A-Za-z]\w{1,60})['\"`] (?i:environment variable)\b[^\n]{0,30}\b(?i:missing|required|not|unset|empty)\b"
    # Of Rust's envy and of Rails, which read the variable of this name in capitals
    r"|\b(?:missing value for field `?|Missing ['\"`](?=\w{1,90}['\"`] for '\w{1,30}' environment))"
    r"(?P<field>[a-z][a-z0-9]{0,30}_[a-z0-9_]{1,60})\b"
    # By the code that reads it: "put it in the ENV['RAILS_MASTER_KEY']", `missing process.env.PORT`
    r"|\b(?i:missing|required?|undefined|unset|provide|specify|expect\w*|need\w*|must|lack\w*|put (?:it|them) in"
    r"|(?:please|you|or) (?:set|define|add|check))\b[^\n]{0,120}?"
    r"(?:\bENV\[|\bprocess\.env[.\[]|\bimport\.meta\.env\.|\bos\.environ\[|\b[Gg]etenv\(|\$_ENV\[|\$ENV\{|\benv\()"
    r"['\"]?([A-Z][A-Z0-9_]{2,60})\b"
    # Not of a library: "version `GFORTRAN_10' not found (required by /app)"
    r"|\b(?<!version [`'\"])([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})['\"`]?[\])]? (?:"
    r"(?i:is|was|must|environment|env|not|cannot|has)\b[^\n]{0,40}\b(?i:required|missing|undefined|unset|empty|not found|variable(?!, or\b))"
    # Not of one that "is set to debug"
    r"|[^\n]{0,40}?\b(?i:not|\w{2,6}n't|must|should|never|needs?|ha[sd] to)\b[^\n]{0,20}?"
    r"\b(?i:set|defined|provided|configured|specified|given))\b"
)
# Structured logs name it beside the message: `{"msg":"missing required environment variable","key":"SMTP_HOST"}`
_SPEAKS_OF_VARIABLE: Final = re.compile(
    r"\b(?:missing|required|not set|unset|undefined|empty)\b[^\n]{0,40}\b(?:environment|env|config(?:uration)?) ?(?:variable|var|key)\b"
    r"|\b(?:environment|env|config(?:uration)?) ?(?:variable|var|key)\b[^\n]{0,40}\b(?:missing|required|not set|unset|undefined|empty)\b",
    re.IGNORECASE,
)
_VARIABLE_MEMBER: Final = re.compile(
    r"(?<![\w.])\"?(?:(?:key|var|variables?|env_?[vV]ar|missing)\"?[:=] ?[\[\"']{0,3}([A-Z][A-Z0-9_]{2,60})\b"
    r"|(?:env|name|field|setting)\"?[:=] ?[\[\"']{0,3}([A-Z][A-Z0-9]*_[A-Z0-9_]{1,60})\b)"
)
# A list of variables, as MySQL's image and envalid write it: its heading, then a line for each.
_VARIABLES_HEADING: Final = re.compile(
    r"\b(?:missing|required|invalid|undefined|unset|following|need\w*|must|lack\w*) [^\n:]{0,60}?"
    r"\b(?:environment variable|env var|variables)s?[^\n:]{0,80}:[ \[{]{0,3}$|\bZodError: \[$",
    re.IGNORECASE,
)
_LISTED_VARIABLE: Final = re.compile(r"^\W{0,12}([A-Z][A-Z0-9_]{2,60})\b(?!=)")
# Of zod, some lines below the heading: `path: [ 'DATABASE_URL' ],`, or the name on a line of its own
_VARIABLE_PATH: Final = re.compile(r"^\W{0,12}path\W{1,30}([A-Z][A-Z0-9_]{1,60})\b")
_PATH_OPENS: Final = re.compile(r"\bpath\W{1,8}$")
_MOST_BELOW: Final = 8
# Of pydantic: `1 validation error for Settings`, then a line with the field and one that says what is wrong with it
_SETTINGS_HEADING: Final = re.compile(r"\bvalidation errors? for \w*(?:settings|config|env)\w*\s*$", re.IGNORECASE)
# What a program does without: `SENTRY_DSN is not set, error reporting disabled`
_OPTIONAL: Final = re.compile(
    r"\b(?:warn(?:ing)?|disabl\w*|default(?:s|ing|ed)|(?:using|with) (?:the |a )?default|optional|ignor\w*|skip\w*"
    r"|fall(?:ing|s)? ?back|deprecat\w*)\b|\b(?-i:INFO|DEBUG)\b|\blevel\"?[:=] ?\"?(?:info|debug)\b|^(?:info|dbug): ",
    re.IGNORECASE,
)
_ERROR: Final = re.compile(
    r"\w?(?:Error|Exception)\b|\b(?:error|fatal|panic|critical|emerg)\b|\bTraceback\b|npm ERR!", re.IGNORECASE
)
_FIELD: Final = re.compile(r"^([A-Za-z_][A-Za-z0-9_]{1,60})\s*$")
_FIELD_REQUIRED: Final = re.compile(r"^\s+field required\b", re.IGNORECASE)


def names_variable(line: str) -> bool:
    """Return whether a line says of a variable that it is missing or wrong."""
    return (_VARIABLE.search(line) or _beside(line)) is not None


def is_optional(line: str) -> bool:
    """Return whether a line is a warning or less, or says that the program does without something."""
    return _OPTIONAL.search(line) is not None


def missing_variable(lines: Sequence[str], is_set: Container[str]) -> tuple[str, str] | None:
    """Return the first line that names a variable which the deployment doesn't set, and the variable.

    One that the program does without comes last, and not where another line tells of an error.

    Args:
        lines: the container's own.
        is_set: the names of the variables that the deployment sets.
    """
    optional = None
    for line, name in _missing(lines):
        if name in is_set:
            continue
        if not is_optional(line):
            return line, name
        optional = optional or (line, name)
    if optional and any(_ERROR.search(line) and not is_optional(line) for line in lines):
        return None
    return optional


def _missing(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines that name a variable, with the name."""
    since_heading, in_settings, before = _MOST_BELOW, False, ""
    for line in lines:
        in_settings = in_settings or _SETTINGS_HEADING.search(line) is not None
        match = _listed(line, since_heading, before) or _VARIABLE.search(line) or _beside(line)
        since_heading = 0 if _VARIABLES_HEADING.search(line) else since_heading + 1
        if match and (name := next((group for group in match.groups() if group), "")):
            yield line, name.upper() if match.groupdict().get("field") else name
        if in_settings and _FIELD_REQUIRED.search(line) and (field := _FIELD.search(before)):
            yield f"{field[1]}: field required", field[1].upper()  # the rest of the line holds values
        before = line


def _beside(line: str) -> re.Match[str] | None:
    """Return the match of a variable in another member than the message that says that it is missing."""
    return _VARIABLE_MEMBER.search(line) if _SPEAKS_OF_VARIABLE.search(line) else None


def _listed(line: str, since_heading: int, before: str) -> re.Match[str] | None:
    """Return the match of a variable in a list: on the line below the heading, or as zod writes it further below."""
    if since_heading >= _MOST_BELOW:
        return None
    of_path = f"{before}{line}" if _PATH_OPENS.search(before) else line
    return (_LISTED_VARIABLE.search(line) if since_heading == 0 else None) or _VARIABLE_PATH.search(of_path)
