"""The policies that decide on a pull from a repository, and how much of them could be read.

From the outside in (AWS): an organization's resource control policy, the registry policy, the repository policy.
An organization's policy cannot be read from a member account, so every verdict says that it was not evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

EXEMPTING_TAG = "dp:exclude:identity"
"""A repository tag: with the value `true`, AWS's sample of an identity perimeter (an RCP) exempts the repository."""


class Layer(StrEnum):
    """Whose policy a statement is in."""

    REPOSITORY = "repository"
    REGISTRY = "registry"


class RegistryScope(StrEnum):
    """What a registry policy is evaluated for: V1 replication and pull through cache only, V2 every action of ECR."""

    V1 = "V1"
    V2 = "V2"


@dataclass(frozen=True)
class RegistryPolicy:
    """A registry's policy in one Region, as far as it is known.

    `text` is None if there is no policy, `scope` if it could not be read. `read` is False if the policy was not read;
    `problem` is then the code of the Problem that prevented it, "" if no read was tried, and `action` the missing
    permission, "" if that isn't the reason.
    """

    text: str | None = None
    scope: RegistryScope | None = None
    read: bool = True
    problem: str = ""
    action: str = ""


NOT_READ = RegistryPolicy(read=False)


@dataclass(frozen=True)
class Unseen:
    """Something that may decide and was not evaluated; `code` is a key of `messages.WORDS` and `params` fill it."""

    code: str
    params: tuple[tuple[str, str], ...] = ()


UNSEEN_ORGANIZATION = Unseen("unseen.organization", (("tag", EXEMPTING_TAG),))


def unseen_registry(registry: RegistryPolicy, problem: str = "") -> tuple[Unseen, ...]:
    """Return what of a registry policy was not evaluated; `problem` is why its text could not be parsed."""
    if problem:
        return (Unseen("unseen.registry_unreadable", (("problem", problem),)),)
    if registry.read:
        unknown_scope = registry.text is not None and registry.scope is None
        return (Unseen("unseen.registry_scope"),) if unknown_scope else ()
    if registry.action:
        return (Unseen("unseen.registry_denied", (("action", registry.action),)),)
    if registry.problem:
        return (Unseen("unseen.registry_refused", (("problem", registry.problem),)),)
    return (Unseen("unseen.registry_not_read"),)
