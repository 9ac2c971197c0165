"""Lifecycle policies of repositories, stored and returned as in the ECR API; the sandbox expires nothing by them."""

from __future__ import annotations

import json
from typing import Any

from app.sandbox.call import Call
from app.sandbox.ecr import find_repository
from app.sandbox.errors import AwsError
from app.sandbox.state import Repository, World

Answer = dict[str, Any]
RULE_KEYS = frozenset({"rulePriority", "description", "selection", "action"})
REQUIRED_RULE_KEYS = RULE_KEYS - {"description"}


def put_lifecycle_policy(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    _check(call.params["lifecyclePolicyText"])
    repository.lifecycle = call.params["lifecyclePolicyText"]
    return _answer(repository)


def get_lifecycle_policy(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    return _answer(repository)


def delete_lifecycle_policy(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    answer = _answer(repository)
    repository.lifecycle = ""
    return answer


def _answer(repository: Repository) -> Answer:
    if not repository.lifecycle:
        message = (
            f"Lifecycle policy does not exist for the repository with name '{repository.name}' "
            f"in the registry with id '{repository.account}'"
        )
        raise AwsError("LifecyclePolicyNotFoundException", message)
    return {
        "registryId": repository.account,
        "repositoryName": repository.name,
        "lifecyclePolicyText": repository.lifecycle,
    }


def _check(text: str) -> None:
    """Check only the shape: an object of rules, each with its required members and no others."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not rules or not all(_is_rule(rule) for rule in rules):
        message = (
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: "
            "'Lifecycle policy validation failure'"
        )
        raise AwsError("InvalidParameterException", message)


def _is_rule(rule: Any) -> bool:
    return isinstance(rule, dict) and set(rule) <= RULE_KEYS and set(rule) >= REQUIRED_RULE_KEYS
