"""Amazon ECR's registries, as the API returns them: the registry policy, and the settings."""

from __future__ import annotations

from typing import Any

from app.sandbox.authorization import check
from app.sandbox.call import Call
from app.sandbox.errors import AwsError
from app.sandbox.policy_read import read_back
from app.sandbox.policy_text import REGISTRY, Policy, accept
from app.sandbox.request_context import Resource
from app.sandbox.state import Registry, World

Answer = dict[str, Any]
# By setting: its value in a new registry, and every allowed value. The newest model has only V2 for the scope; the API
# reference of 2025 also has V1, so that a test can use it.
SETTINGS: dict[str, tuple[str, tuple[str, ...]]] = {
    "BASIC_SCAN_TYPE_VERSION": ("AWS_NATIVE", ("AWS_NATIVE", "CLAIR")),
    "REGISTRY_POLICY_SCOPE": ("V2", ("V1", "V2")),
    "BLOB_MOUNTING": ("DISABLED", ("ENABLED", "DISABLED")),
}


def _registry(world: World, call: Call) -> Registry:
    """Return the caller's registry; raises AWS's error when its policy denies the call."""
    check(world, call, Resource(call.resource, call.account, call.region))
    return world.home(call.account, call.region).registry


def _answer(world: World, call: Call, policy: Policy) -> Answer:
    return {"registryId": call.account, "policyText": read_back(policy, world.principals, call.at, world.order)}


def _policy_of(registry: Registry, call: Call) -> Policy:
    if registry.policy is None:
        message = f"Registry policy does not exist in the registry with id '{call.account}'"
        raise AwsError("RegistryPolicyNotFoundException", message)
    return registry.policy


def get_registry_policy(world: World, call: Call) -> Answer:
    return _answer(world, call, _policy_of(_registry(world, call), call))


def put_registry_policy(world: World, call: Call) -> Answer:
    """Write the registry policy. Nothing prevents a lock-out: the operation has no `force` [inferred]."""
    registry = _registry(world, call)
    registry.policy = Policy(accept(call.params["policyText"], world.principals, call.at, REGISTRY))
    return _answer(world, call, registry.policy)


def delete_registry_policy(world: World, call: Call) -> Answer:
    registry = _registry(world, call)
    answer = _answer(world, call, _policy_of(registry, call))
    registry.policy = None
    return answer


def get_account_setting(world: World, call: Call) -> Answer:
    registry, (name, default, _) = _registry(world, call), _setting(call)
    return {"name": name, "value": registry.settings.get(name, default)}


def put_account_setting(world: World, call: Call) -> Answer:
    registry, (name, _, choices) = _registry(world, call), _setting(call)
    if call.params["value"] not in choices:
        raise _invalid("value", f"Must be one of [{', '.join(choices)}]")
    registry.settings[name] = call.params["value"]
    return {"name": name, "value": registry.settings[name]}


def _setting(call: Call) -> tuple[str, str, tuple[str, ...]]:
    """Return the setting's name, default and choices; raises ECR's error for an unknown name."""
    name = call.params["name"]
    if name not in SETTINGS:
        raise _invalid("name", f"Must be one of [{', '.join(SETTINGS)}]")
    return name, *SETTINGS[name]


def _invalid(parameter: str, rule: str) -> AwsError:
    """Return the error; its code is documented, its message is [inferred] from ECR's others."""
    message = f"Invalid parameter at '{parameter}' failed to satisfy constraint: '{rule}'"
    return AwsError("InvalidParameterException", message)
