"""Tells by a service's tags, or a policy's Sids, that a tool manages it, so that a change by hand may be undone by the tool."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

from app.wording import N_, Message

STACK: Final = N_(
    "The CloudFormation stack %(stack)s manages this service. Change its template too, or the next stack update may undo the change."
)
TOOL: Final = N_(
    "A tag says that %(tool)s manages this service. Change its files too, or the next run may undo the change."
)

SID: Final = N_(
    "The statement %(sid)s looks as if %(tool)s manages this policy. Change its files too, or the next run may undo the change."
)

_STACK_TAG: Final = "aws:cloudformation:stack-name"
_TOOL_TAGS: Final = frozenset({"managedby", "managed", "provisionedby", "provisioner", "iac"})
# The words of a Sid: it has letters and digits only, so capitals begin words ("ManagedByTerraform").
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TOOLS: Final = {
    "terraform": "Terraform",
    "opentofu": "OpenTofu",
    "tofu": "OpenTofu",
    "cloudformation": "CloudFormation",
    "cdk": "AWS CDK",
    "awscdk": "AWS CDK",
    "pulumi": "Pulumi",
    "crossplane": "Crossplane",
    "terragrunt": "Terragrunt",
}


def managed_by(tags: Mapping[str, str]) -> Message | None:
    """Return the warning that a tool manages the resource with these tags; None if no tag says so."""
    if stack := tags.get(_STACK_TAG):
        return Message(STACK, {"stack": stack})
    for key in sorted(tags):
        tool = _tool(key, tags[key])
        if tool:
            return Message(TOOL, {"tool": tool})
    return None


def managed_by_sid(sids: Iterable[str]) -> Message | None:
    """Return the warning that a tool manages the policy with these Sids; None if none of them names a tool."""
    for sid in sids:
        parts = [part.lower() for part in _WORDS.findall(sid)]
        words = {*parts, *map("".join, pairwise(parts))}
        if tool := next((_TOOLS[word] for word in _TOOLS if word in words), ""):
            return Message(SID, {"sid": sid, "tool": tool})
    return None


def _tool(key: str, value: str) -> str:
    name, said = _plain(key), _plain(value)
    if name in _TOOL_TAGS:
        return _TOOLS.get(said, "")
    return _TOOLS.get(name, "") if said in ("true", "yes", "1") else ""


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
