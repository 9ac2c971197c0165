"""Tells by a service's tags that a tool manages it, so that a change by hand may be undone by the tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from app.wording import N_, Message

STACK: Final = N_(
    "The CloudFormation stack %(stack)s manages this service. Change its template too, or the next stack update may undo the change."
)
TOOL: Final = N_(
    "A tag says that %(tool)s manages this service. Change its files too, or the next run may undo the change."
)

_STACK_TAG: Final = "aws:cloudformation:stack-name"
_TOOL_TAGS: Final = frozenset({"managedby", "managed", "provisionedby", "provisioner", "iac"})
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


def _tool(key: str, value: str) -> str:
    name, said = _plain(key), _plain(value)
    if name in _TOOL_TAGS:
        return _TOOLS.get(said, "")
    return _TOOLS.get(name, "") if said in ("true", "yes", "1") else ""


def _plain(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
