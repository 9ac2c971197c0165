"""Which rule of a lifecycle policy may have expired a tag. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def expiring_rule(text: str | None, tag: str) -> str:
    """Return the priority (and description) of the first rule that may expire an image with this tag, "" for none.

    Args:
        text: the lifecycle policy as ECR returns it.
        tag: "" for an image without tags.
    """
    for rule in sorted(_rules(text), key=lambda rule: str(rule.get("rulePriority", "")).zfill(6)):
        selection, action = rule.get("selection"), rule.get("action")
        if isinstance(selection, Mapping) and _expires(action) and _selects(selection, tag):
            description = rule.get("description")
            return f"{rule.get('rulePriority')} ({description})" if description else str(rule.get("rulePriority"))
    return ""


def _rules(text: str | None) -> Iterable[Mapping[str, Any]]:
    try:
        document = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return ()
    rules = document.get("rules") if isinstance(document, dict) else None
    return [rule for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else ()


def _expires(action: Any) -> bool:
    return isinstance(action, Mapping) and action.get("type") == "expire"


def _every(matches: Iterable[bool]) -> bool:
    """Return whether there are some and all match: a rule selects only images that have tags for all that it lists."""
    listed = [*matches]
    return bool(listed) and all(listed)


def _selects(selection: Mapping[str, Any], tag: str) -> bool:
    status = selection.get("tagStatus")
    if status == "any":
        return True
    if status == "untagged":
        return not tag
    prefixes, patterns = selection.get("tagPrefixList") or (), selection.get("tagPatternList") or ()
    return bool(tag) and (
        _every(tag.startswith(str(prefix)) for prefix in prefixes)
        or _every(fnmatchcase(tag, str(pattern).replace("[", "[[]").replace("?", "[?]")) for pattern in patterns)
    )
