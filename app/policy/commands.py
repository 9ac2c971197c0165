"""Builds the `aws` CLI commands that do by hand what Sailpass does, for one service and repository. Runs none.

They avoid the pitfalls of AWS's guide: they write one merged document instead of a second one appended to the first,
read the policy as text, so that nothing has to be unescaped by hand, and quote the braces that a shell would expand.
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
    """What the commands are about, in AWS's terms; `registry_id` is the account that holds the repository.

    `endpoints` are the addresses to use instead of AWS's own, by service, such as those of a sandbox.
    """

    region: str
    service: str
    registry_id: str
    repository: str
    endpoints: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """A command to copy; `code` says what it does: a key `command.<code>` of `messages.WORDS`."""

    code: str
    text: str


def grant_commands(target: Target, change: PlannedChange, system: System, *, activate: bool) -> tuple[Command, ...]:
    """Return the commands that grant access; with `activate` also those that activate the role and read its ARN.

    `change` is the plan for this repository's policy; if it is not needed, no command writes the policy.
    """
    role = (activate_role(target, system), find_principal(target, system)) if activate else ()
    return (*role, *policy_commands(target, change, system))


def policy_commands(target: Target, change: PlannedChange, system: System) -> tuple[Command, ...]:
    """Return the commands that read the policy, make `change`, and read the policy again."""
    read = get_policy(target, system)
    if not change.needed:
        return (read,)
    if change.after is None:
        return (read, delete_policy(target, system))
    return (read, save_policy(change.after, system), set_policy(target, system), Command("read_back", read.text))


def activate_role(target: Target, system: System) -> Command:
    """Return the command that activates the image puller role and changes nothing else of the service."""
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
    """Return the command that prints the image puller role's principal ARN, or `None` or nothing before it has one."""
    query = "containerServices[0].privateRegistryAccess.ecrImagePullerRole.principalArn"
    words = ["lightsail", "get-container-services", "--service-name", target.service, "--query", query]
    return Command("find_principal", _aws([*words, "--output", "text"], target, system))


def get_policy(target: Target, system: System) -> Command:
    """Return the command that prints the policy without escaping."""
    words = ["ecr", "get-repository-policy", *_repository(target), "--query", "policyText", "--output", "text"]
    return Command("read", _aws(words, target, system))


def save_policy(text: str, system: System) -> Command:
    """Return the command that writes the policy to `FILE` in ASCII without a byte-order mark, which ECR refuses."""
    value = strict_json.load(text)
    plain = strict_json.dump(value, ascii_only=True)
    if len(plain) > POLICY_CHARACTERS:
        plain = strict_json.dump(value, indent=None, ascii_only=True)
    if system is System.POSIX:
        return Command("save", f"cat > {FILE} <<'POLICY'\n{plain}\nPOLICY")
    return Command("save", f"[IO.File]::WriteAllText((Join-Path $PWD '{FILE}'), @'\n{plain}\n'@)")


def set_policy(target: Target, system: System) -> Command:
    """Return the command that replaces the policy with the one in `FILE`; never with `--force`."""
    words = ["ecr", "set-repository-policy", *_repository(target), "--policy-text", f"file://{FILE}"]
    return Command("write", _aws(words, target, system))


def delete_policy(target: Target, system: System) -> Command:
    """Return the command that deletes the policy when no statement would be left; it prints the deleted policy."""
    return Command("delete", _aws(["ecr", "delete-repository-policy", *_repository(target)], target, system))


def registry_commands(target: Target, system: System) -> tuple[Command, ...]:
    """Return the commands that read the registry policy into `REGISTRY_FILE`, to be edited, and write it back.

    Sailpass itself never writes a registry policy.
    """
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
