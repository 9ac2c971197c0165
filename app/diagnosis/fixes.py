"""Fills the fixes of a cause for one service and image: `aws` commands, Terraform, CloudFormation. Runs nothing.

`app.policy` plans a grant on the policy as it was read, so that the fix writes the whole merged document.
"""

from __future__ import annotations

import itertools
import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.as_code.grant import repository_properties, terraform_policy
from app.as_code.text import hcl, identifier, one_line
from app.diagnosis.causes import CAUSES
from app.diagnosis.check_result import Found
from app.diagnosis.checks.size import MEMORY
from app.diagnosis.facts import Facts, Known, NotFound, Reading
from app.diagnosis.fix_kinds import DEPLOY, FIRST_DEPLOYMENT, KINDS, SAVE, Fix
from app.diagnosis.image_uri import RegistryHost
from app.diagnosis.own_roles import is_own_role
from app.errors import Problem
from app.policy import strict_json
from app.policy.arns import NOBODYS_ACCOUNT
from app.policy.change import PlannedChange
from app.policy.commands import FILE, System, Target, find_principal, policy_commands
from app.policy.grant import plan_grant
from app.policy.mend import mend
from app.policy.principals import dead_principals, principals_of
from app.wording import fill

# Placeholder in a document for the role's ARN until it has one.
_ARN: Final = f"arn:aws:iam::{NOBODYS_ACCOUNT}:role/amazon/lightsail/PRINCIPAL-ARN-OF-THE-IMAGE-PULLER-ROLE"
_PLACEHOLDER: Final = "PRINCIPAL-ARN"
_WAITED_FOR: Final = {"role.no_arn": "containerServices[0].privateRegistryAccess.ecrImagePullerRole.principalArn"}
# The usual name of the variable, where the log names none.
_VARIABLE: Final = {"health.localhost": "HOST", "health.host": "ALLOWED_HOSTS"}
_MEMBERS: Final = "containers:containers,publicEndpoint:publicEndpoint"
_POWERS: Final = (*MEMORY,)
# What is to be changed in a policy that couldn't be read.
_UNREAD_STATEMENT: Final = '"Effect": "Deny"'
# The tag to push a new build to if the image was named by its digest alone.
_REBUILT: Final = "rebuilt"


@dataclass(frozen=True)
class FixText:
    """A fix, ready to copy. `title` is a template to translate; `operation` is what Sailpass's button starts."""

    kind: Fix
    title: str
    aws: str
    terraform: str
    cloudformation: str
    operation: str


def fixes_of(
    cause: Found, facts: Facts, endpoints: Mapping[str, str] | None = None, causes: Sequence[Found] = ()
) -> tuple[FixText, ...]:
    """Return the fixes of a cause, in the order in which to apply them.

    Args:
        cause: the cause.
        facts: the facts behind it.
        endpoints: addresses to use instead of AWS's own, by service, such as those of a sandbox.
        causes: all that stand, in their order: what another one breaks, or changes, isn't deployed for this one.
    """
    params = _params(cause, facts)
    kinds = kinds_of(cause, facts, causes)
    if Fix.RAISE_POWER in kinds and not params["next_power"]:
        kinds.remove(Fix.RAISE_POWER)
    if Fix.WAIT in kinds:
        params["waits_for"] = _WAITED_FOR.get(cause.code, "containerServices[0].state")
    if Fix.PUSH in kinds and facts.uri.digest:  # what is pushed has another digest
        params["image"] = params["pushed"]
    return tuple(_fix(kind, params, facts, endpoints or {}) for kind in kinds)


def kinds_of(cause: Found, facts: Facts, causes: Sequence[Found] = ()) -> list[Fix]:
    """Return which fixes help, in the order in which to apply them; arguments as for `fixes_of`."""
    kinds = [kind for kind in CAUSES[cause.code].fixes if kind is not Fix.SET_IMAGE or cause.params.get("suggested")]
    if facts.deployment is not None and not facts.deployment.public_container:
        kinds = [kind for kind in kinds if kind is not Fix.SET_HEALTH_CHECK]  # there is none to correct
    later = [each for other in _after(cause, causes) for each in CAUSES[other.code].fixes]
    if Fix.GRANT in kinds and (Fix.GRANT in later or _is_granted(facts)):
        kinds.remove(Fix.GRANT)
    if Fix.REDEPLOY in kinds[1:] and _is_deployed_by_another(cause, causes):
        kinds.remove(Fix.REDEPLOY)
    return kinds


def _is_deployed_by_another(cause: Found, causes: Sequence[Found]) -> bool:
    """Return whether another cause's fixes deploy another image, or a later one's deploy this one once it can run."""
    others = [other for other in causes if other.code != cause.code]
    return any(other.params.get("suggested") and Fix.SET_IMAGE in CAUSES[other.code].fixes for other in others) or any(
        not other.yields and Fix.REDEPLOY in CAUSES[other.code].fixes for other in _after(cause, causes)
    )


def _after(cause: Found, causes: Sequence[Found]) -> list[Found]:
    """Return the causes that take effect after this one."""
    return [*itertools.dropwhile(lambda other: other.code != cause.code, causes)][1:]


def _fix(kind: Fix, params: dict[str, str | int], facts: Facts, endpoints: Mapping[str, str]) -> FixText:
    shape = DEPLOY if kind is Fix.REDEPLOY and facts.deployment is None else KINDS[kind]
    if kind is Fix.GRANT:
        return FixText(kind, shape.title, *_grant(facts, endpoints), shape.operation)
    if kind is Fix.SET_HEALTH_CHECK and facts.deployment is not None:
        params = {**params, "container": facts.deployment.public_container}
    words = params | _deploying(params["suggested" if kind is Fix.SET_IMAGE else "image"], facts)
    template = FIRST_DEPLOYMENT if shape.aws.startswith(SAVE) and not words["version_query"] else shape.aws
    commands = _located(fill(template, _quoted(words, shlex.quote)), facts.region, endpoints)
    return FixText(
        kind,
        shape.title,
        commands,
        fill(shape.terraform, _quoted(params, hcl)),
        _pretty(_cloudformation(shape.cloudformation, params, facts)),
        shape.operation,
    )


def _params(cause: Found, facts: Facts) -> dict[str, str | int]:
    service = facts.service.value if isinstance(facts.service, Known) else None
    power = service.power if service and service.power in MEMORY else _POWERS[0]
    registry = facts.registry_id
    image_id = f"imageDigest={facts.uri.digest}" if facts.uri.digest else f"imageTag={facts.tag}"
    port = facts.deployment.public_port if facts.deployment and facts.deployment.public_port else 80
    heard = str(cause.params.get("detail", ""))
    return {
        "service": facts.service_name,
        "container": facts.container or "app",
        "power": power,
        "next_power": _larger_power(cause, power),
        "scale": service.scale if service else 1,
        "registry": registry,
        **_pushed(cause, facts),
        "repository": facts.uri.repository,
        "repository_arn": facts.repository_arn,
        "image": facts.image,
        "image_id": image_id,
        "label": facts.image.split(".")[-2] if facts.uri.registry is RegistryHost.STORED else "",
        "variable": _VARIABLE.get(cause.code, heard),
        "port": port,
        "path": facts.deployment.health_check_path if facts.deployment and facts.deployment.health_check_path else "/",
        "right_port": int(heard) if cause.code == "health.port" and heard.isdecimal() else port,
        "suggested": cause.params.get("suggested", ""),
        "statement": cause.params.get("statement", _UNREAD_STATEMENT),
        "rule": cause.params.get("rule", ""),
    }


def _larger_power(cause: Found, power: str) -> str:
    """Return the next power, or the first with enough memory for the image; "" if there is none."""
    megabytes = int(cause.params.get("megabytes", 0))
    larger = _POWERS[_POWERS.index(power) + 1 :]
    return next((each for each in larger if MEMORY[each] >= megabytes), larger[-1] if larger else "")


def _pushed(cause: Found, facts: Facts) -> dict[str, str]:
    """Return the host and the URI to push the image to: a tag, since no image can be pushed to a digest."""
    is_foreign = cause.code == "uri.other_account"  # which Lightsail doesn't pull from
    registry = (facts.account if is_foreign else facts.registry_id) or facts.registry_id
    uri = replace(facts.uri, tag=facts.uri.tag or (_REBUILT if facts.uri.digest else ""), digest="")
    whole = uri.uri(registry, facts.region) if registry and uri.repository else facts.image
    return {"pushed": whole, "pushed_host": f"{registry}.dkr.ecr.{facts.region}.amazonaws.com"}


def _deploying(image: str | int, facts: Facts) -> dict[str, str | int]:
    """Return the query for the deployment to start from, "" if there is none, and the first one with this image."""
    container = facts.container or "app"
    containers = {container: {"image": image, "ports": {"80": "HTTP"}}}
    endpoint = {"containerName": container, "containerPort": 80}
    return {
        "version_query": _version_query(facts),
        "first_containers": json.dumps(containers),
        "first_endpoint": json.dumps(endpoint),
    }


def _version_query(facts: Facts) -> str:
    deployments = facts.deployments.value if isinstance(facts.deployments, Known) else ()
    by_state = {each.state: each for each in reversed(deployments)}
    newest = deployments[0] if deployments else None
    source = facts.deployment or by_state.get("ACTIVE") or by_state.get("INACTIVE") or newest
    if source is None:
        return "" if isinstance(facts.deployments, Known) else f"deployments[0].{{{_MEMBERS}}}"
    members = _MEMBERS if source.public_container else _MEMBERS.partition(",")[0]  # the client sends no null
    return f"deployments[?version==`{source.version}`].{{{members}}} | [0]"


def _quoted(params: Mapping[str, str | int], quote: Callable[[str], str]) -> dict[str, str | int]:
    """Return the values as the format writes them; identifiers bare, numbers unchanged."""
    names = {
        "id": identifier(str(params["service"])),
        "repository_id": identifier(str(params["repository"])),
        "variable_id": str(params["variable"]).lower(),
    }
    if quote is hcl:  # in a comment, and as a key, these are bare
        names |= {name: one_line(str(params[name])) for name in ("statement", "rule", "variable")}
    quoted = {name: quote(one_line(value)) if isinstance(value, str) else value for name, value in params.items()}
    return {**quoted, **names}


def _cloudformation(template: str, params: Mapping[str, str | int], facts: Facts) -> str:
    """Return the template with the current policies as they are, so that they can be edited; "" if one wasn't read."""
    documents = {
        "policy_document": _document(facts.policy),
        "registry_document": _document(facts.registry_policy),
        "lifecycle_text": json.dumps(facts.lifecycle.value or "") if isinstance(facts.lifecycle, Known) else "",
    }
    if any(not text and f"%({name})s" in template for name, text in documents.items()):
        return ""
    return fill(template, _quoted(params, json.dumps) | documents)


def _document(reading: Reading[str | None]) -> str:
    try:
        return _text(reading.value or "", indent=None) if isinstance(reading, Known) else ""
    except Problem:
        return ""


def _located(commands: str, region: str, endpoints: Mapping[str, str]) -> str:
    """Return the commands with their Region, and a sandbox's endpoint, before a pipe or redirection."""
    return "\n".join(_line(line, region, endpoints) for line in commands.split("\n"))


def _line(line: str, region: str, endpoints: Mapping[str, str]) -> str:
    if not line.startswith("aws "):
        return one_line(line)
    endpoint = endpoints.get(line.split(" ", 2)[1], "")
    flags = f" --region {shlex.quote(region)}" + (f" --endpoint-url {shlex.quote(endpoint)}" if endpoint else "")
    command, mark, rest = _before_pipe(line)
    return f"{command}{flags}{mark}{rest}"


def _before_pipe(line: str) -> tuple[str, str, str]:
    for mark in (" | docker", " > "):
        if mark in line:
            return line.rpartition(mark)
    return line, "", ""


def _pretty(template: str) -> str:
    """Return a template laid out; "" where there is none, or where the policy in it is nested as no policy is."""
    try:
        return _text(template) if template else ""
    except Problem:
        return ""


def _text(document: str, *, indent: int | None = 2) -> str:
    """Return JSON laid out anew, its numbers as they are written. Raises Problem where it isn't valid or is too deep."""
    return strict_json.dump(strict_json.load(document), indent=indent, ascii_only=True)


def _grant(facts: Facts, endpoints: Mapping[str, str]) -> tuple[str, str, str]:
    """Return the merged policy in each format. A template names the role by reference: its ARN may change."""
    service = facts.service.value if isinstance(facts.service, Known) else None
    arn = service.role.principal_arn if service else ""
    target = Target(facts.region, facts.service_name, facts.registry_id, facts.uri.repository, endpoints)
    try:
        planned = _planned(facts, arn or _ARN)
    except Problem:
        planned = None
    if planned is None or planned.after is None:
        return "", "", ""
    text = "\n".join(_grant_lines(target, planned, has_arn=bool(arn)))
    document = strict_json.load(planned.after)
    terraform = terraform_policy(facts.uri.repository, document, facts.service_name, arn or _ARN)
    properties = repository_properties(facts.uri.repository, document, arn or _ARN)
    resource = {"Type": "AWS::ECR::Repository", "Properties": properties}
    return text, terraform, strict_json.dump(resource, ascii_only=True)


def _is_granted(facts: Facts) -> bool:
    """Return whether a grant would write the policy that is there: only a Deny keeps the role from pulling."""
    service = facts.service.value if isinstance(facts.service, Known) else None
    if service is None or not service.role.principal_arn or not isinstance(facts.policy, Known):
        return False
    try:
        planned = _planned(facts, service.role.principal_arn)
    except Problem:
        return False
    return planned is not None and planned.after == facts.policy.value


def _grant_lines(target: Target, planned: PlannedChange, *, has_arn: bool) -> Iterator[str]:
    """Yield the commands that write the policy. Another fix activates the role, or it is active and has no ARN yet."""
    if not has_arn:
        yield find_principal(target, System.POSIX).text
    for command in policy_commands(target, planned, System.POSIX):
        if command.code == "read" and planned.before is None:
            continue  # there is none to read: the command fails, and with it a script
        if command.code == "write" and not has_arn:
            yield f"# In {FILE}: replace {_PLACEHOLDER} with the ARN that the first command prints"
        yield command.text.replace(_ARN, _PLACEHOLDER)


def _planned(facts: Facts, arn: str) -> PlannedChange | None:
    """Return the grant on the current policy, repaired if it was pasted together, without the service's wrong ARNs."""
    if not isinstance(facts.policy, Known | NotFound):
        return None  # what would be written in place of a policy that wasn't read lacks all that it holds
    text = facts.policy.value if isinstance(facts.policy, Known) else None
    mended = mend(text) if text is not None else None
    text = mended.text if mended is not None and mended.what else text
    wrong = [
        principal.value for principal in principals_of(text) if is_own_role(facts, principal) and principal.value != arn
    ]
    wrong += [principal.value for principal in dead_principals(text)]  # ECR refuses every write while they are named
    change = plan_grant(text, principal_arn=arn, service=facts.service_name, replaces=wrong)
    return replace(change, after=change.after or text)
