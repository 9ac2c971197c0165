"""The `aws` commands that do by hand what Sailpass does, finished for one service and repository. Must never run any.

They mend what AWS's guide gets wrong: the policy is the whole merged document, never a second one pasted behind the
first; it is read as text, so that nothing has to be unescaped by hand; and the braces are quoted, which a shell eats.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.limits import POLICY_CHARACTERS
from app.policy import strict_json
from app.policy.change import PlannedChange

FILE = "sailpass-policy.json"
REGISTRY_FILE = "registry-policy.json"


class System(StrEnum):
    """Which shell the commands are for: a POSIX one (macOS, Linux), or Windows PowerShell 5.1 and later."""

    POSIX = "posix"
    WINDOWS = "windows"


@dataclass(frozen=True)
class Target:
    """What the commands are about, by AWS's names; `registry_id` is the account that holds the repository.

    `endpoints` are the addresses that stand in for AWS's own, by service: those of a sandbox.
    """

    region: str
    service: str
    registry_id: str
    repository: str
    endpoints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """One command to copy; `code` says what it does: a key `command.<code>` of `words.WORDS`."""

    code: str
    text: str


def grant_commands(target: Target, change: PlannedChange, system: System, *, activate: bool) -> tuple[Command, ...]:
    """All that grants access by hand; with `activate` also the image puller role's activation and the look for its ARN.

    `change` is the plan for this repository's policy; where it needs nothing, nothing is written.
    """
    role = (activate_role(target, system), find_principal(target, system)) if activate else ()
    return (*role, *policy_commands(target, change, system))


def policy_commands(target: Target, change: PlannedChange, system: System) -> tuple[Command, ...]:
    """Read the policy, bring about `change`, and read it back."""
    read = get_policy(target, system)
    if not change.needed:
        return (read,)
    if change.after is None:
        return (read, delete_policy(target, system))
    return (read, save_policy(change.after, system), set_policy(target, system), Command("read_back", read.text))


def activate_role(target: Target, system: System) -> Command:
    """Activate the image puller role; nothing else of the service is sent."""
    words = [
        "lightsail",
        "update-container-service",
        "--service-name",
        target.service,
        "--private-registry-access",
        "ecrImagePullerRole={isActive=true}",
    ]
    return Command("activate", _aws(words, target, system))


def find_principal(target: Target, system: System) -> Command:
    """Print the image puller role's principal ARN, `None` or nothing until it has one: not the service's own."""
    query = "containerServices[0].privateRegistryAccess.ecrImagePullerRole.principalArn"
    words = ["lightsail", "get-container-services", "--service-name", target.service, "--query", query]
    return Command("find_principal", _aws([*words, "--output", "text"], target, system))


def get_policy(target: Target, system: System) -> Command:
    """Print the policy as it is, with nothing to unescape."""
    words = ["ecr", "get-repository-policy", *_repository(target), "--query", "policyText", "--output", "text"]
    return Command("read", _aws(words, target, system))


def save_policy(text: str, system: System) -> Command:
    """Write the policy to `FILE` in plain ASCII without a byte-order mark, which ECR would not take."""
    value = strict_json.load(text)
    plain = strict_json.dump(value, ascii_only=True)
    if len(plain) > POLICY_CHARACTERS:
        plain = strict_json.dump(value, indent=None, ascii_only=True)
    if system is System.POSIX:
        return Command("save", f"cat > {FILE} <<'POLICY'\n{plain}\nPOLICY")
    return Command("save", f"[IO.File]::WriteAllText((Join-Path $PWD '{FILE}'), @'\n{plain}\n'@)")


def set_policy(target: Target, system: System) -> Command:
    """Replace the policy by the one in `FILE`; never with `--force`."""
    words = ["ecr", "set-repository-policy", *_repository(target), "--policy-text", f"file://{FILE}"]
    return Command("write", _aws(words, target, system))


def delete_policy(target: Target, system: System) -> Command:
    """Delete the policy, because no statement would be left; the answer holds what was deleted."""
    return Command("delete", _aws(["ecr", "delete-repository-policy", *_repository(target)], target, system))


def registry_commands(target: Target, system: System) -> tuple[Command, ...]:
    """Read the registry policy into `REGISTRY_FILE`, to be edited, and write it back; Sailpass never does."""
    read = ["ecr", "get-registry-policy", "--query", "policyText", "--output", "text"]
    write = ["ecr", "put-registry-policy", "--policy-text", f"file://{REGISTRY_FILE}"]
    text = _aws(read, target, system)
    save = (
        f"{text} > {REGISTRY_FILE}" if system is System.POSIX else f"{text} | Out-File -Encoding ascii {REGISTRY_FILE}"
    )
    return (Command("read_registry", save), Command("write_registry", _aws(write, target, system)))


def _repository(target: Target) -> tuple[str, ...]:
    return ("--registry-id", target.registry_id, "--repository-name", target.repository)


def _aws(words: Sequence[str], target: Target, system: System) -> str:
    quote = shlex.quote if system is System.POSIX else _powershell_quote
    endpoint = target.endpoints.get(words[0], "")
    where = ["--region", target.region, *(["--endpoint-url", endpoint] if endpoint else [])]
    return " ".join(["aws", *map(quote, [*words, *where])])


def _powershell_quote(word: str) -> str:
    plain = word and all(character.isascii() and (character.isalnum() or character in "-_./:") for character in word)
    return word if plain else "'" + word.replace("'", "''") + "'"
