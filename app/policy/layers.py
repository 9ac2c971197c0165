"""The policies that decide on a pull from a repository, and how much of them could be read.

From the outside in (AWS): an organization's resource control policy, the registry's policy, the repository's policy.
An organization's cannot be read from an account in it, so every verdict says that it was not looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

EXEMPTING_TAG = "dp:exclude:identity"
"""With the value `true` on a repository, AWS's own sample of an identity perimeter (an RCP) leaves the repository out."""


class Layer(StrEnum):
    """Whose policy a statement stands in."""

    REPOSITORY = "repository"
    REGISTRY = "registry"


class RegistryScope(StrEnum):
    """What a registry's policy is evaluated for: V1 replication and pull through cache alone, V2 every action of ECR."""

    V1 = "V1"
    V2 = "V2"


@dataclass(frozen=True)
class RegistryPolicy:
    """A registry's policy in one Region, as far as it is known.

    `text` is None where there is none. `scope` is None where it could not be read. `read` is False where the policy was
    not read; `problem` then is the code of the Problem that kept it from being read, "" where nobody tried, and `action`
    the permission that is missing, "" where that isn't the reason.
    """

    text: str | None = None
    scope: RegistryScope | None = None
    read: bool = True
    problem: str = ""
    action: str = ""


NOT_READ = RegistryPolicy(read=False)


@dataclass(frozen=True)
class Policies:
    """All that can be read of what decides on a pull; `repository` is None where the repository has no policy."""

    repository: str | None
    registry: RegistryPolicy = NOT_READ

    @classmethod
    def of(cls, policies: Policies | str | None) -> Policies:
        """The same, or a repository's policy beside a registry policy that was not read."""
        return policies if isinstance(policies, Policies) else cls(policies)


@dataclass(frozen=True)
class Unseen:
    """Something that may decide and was not looked at; `code` is a key of `words.WORDS` and `params` fill it."""

    code: str
    params: tuple[tuple[str, str], ...] = ()


UNSEEN_ORGANIZATION = Unseen("unseen.organization", (("tag", EXEMPTING_TAG),))


def unseen_registry(registry: RegistryPolicy, problem: str = "") -> tuple[Unseen, ...]:
    """What of a registry's policy was not looked at; `problem` is what kept its text from being understood."""
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
