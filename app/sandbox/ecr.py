"""Amazon ECR's repositories and their policies, as the API answers for them; must never know the wire."""

from __future__ import annotations

import base64
import binascii
import bisect
from typing import Any

from app.sandbox.call import Call
from app.sandbox.errors import AwsError
from app.sandbox.policy_access import allows, denies
from app.sandbox.policy_text import Policy, accept, read_back, refused
from app.sandbox.state import Repository, World

Answer = dict[str, Any]


def find_repository(world: World, call: Call, name: str) -> Repository:
    """The repository that the call is about; raises what ECR answers when there is none, or it is another account's."""
    registry = call.params.get("registryId") or call.account
    found = world.home(registry, call.region).repositories.get(name)
    if registry != call.account:
        _check_cross_account(call, found)
    if found is None:
        message = f"The repository with name '{name}' does not exist in the registry with id '{registry}'"
        raise AwsError("RepositoryNotFoundException", message)
    return found


def _check_cross_account(call: Call, found: Repository | None) -> None:
    document = found.policy.document if found and found.policy else None
    if allows(document, call.caller, call.action):
        return
    raise AwsError(
        "AccessDeniedException",
        f"User: {call.caller} is not authorized to perform: {call.action} on resource: {call.resource} "
        f"because no resource-based policy allows the {call.action} action",
    )


def describe(repository: Repository) -> Answer:
    return {
        "repositoryArn": repository.arn,
        "registryId": repository.account,
        "repositoryName": repository.name,
        "repositoryUri": repository.uri,
        "createdAt": repository.created_at,
        "imageTagMutability": repository.mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": {"encryptionType": "AES256"},
    }


def create_repository(world: World, call: Call) -> Answer:
    name = call.params["repositoryName"]
    home = world.home(call.account, call.region)
    if name in home.repositories:
        message = f"The repository with name '{name}' already exists in the registry with id '{call.account}'"
        raise AwsError("RepositoryAlreadyExistsException", message)
    made = Repository(
        name,
        call.account,
        call.region,
        created_at=round(call.at, 3),
        mutability=call.params.get("imageTagMutability", "MUTABLE"),
        scan_on_push=(call.params.get("imageScanningConfiguration") or {}).get("scanOnPush", False),
        tags=call.params.get("tags") or [],
        images=[],
    )
    home.add_repository(made)
    return {"repository": describe(made)}


def delete_repository(world: World, call: Call) -> Answer:
    found = find_repository(world, call, call.params["repositoryName"])
    if (found.images is None or found.images) and not call.params.get("force"):
        message = (
            f"The repository with name '{found.name}' in registry with id '{found.account}' "
            "cannot be deleted because it still contains images"
        )
        raise AwsError("RepositoryNotEmptyException", message)
    world.home(found.account, found.region).drop_repository(found.name)
    return {"repository": describe(found)}


def describe_repositories(world: World, call: Call) -> Answer:
    names = call.params.get("repositoryNames")
    if names is not None:
        if call.params.get("maxResults") is not None or call.params.get("nextToken") is not None:
            message = "Invalid parameter: maxResults and nextToken cannot be given together with repositoryNames"
            raise AwsError("InvalidParameterException", message)
        return {"repositories": [describe(find_repository(world, call, name)) for name in names]}
    registry = call.params.get("registryId") or call.account
    if registry != call.account:
        _check_cross_account(call, None)
    home = world.home(registry, call.region)
    page, token = page_of(home.repository_names(), call.params)
    answer: Answer = {"repositories": [describe(home.repositories[name]) for name in page]}
    return {**answer, "nextToken": token} if token else answer


def page_of(keys: list[str], params: dict[str, Any]) -> tuple[list[str], str]:
    """One page of sorted keys and the token of the next one, empty at the end."""
    size = params.get("maxResults") or 100
    start = bisect.bisect_right(keys, _after(params["nextToken"])) if params.get("nextToken") else 0
    page = keys[start : start + size]
    more = start + size < len(keys)
    return page, base64.urlsafe_b64encode(f"after:{page[-1]}".encode()).decode() if more else ""


def _after(token: str) -> str:
    try:
        text = base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    if not text.startswith("after:"):
        message = "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'"
        raise AwsError("InvalidParameterException", message)
    return text.removeprefix("after:")


def _about(repository: Repository) -> Answer:
    return {"registryId": repository.account, "repositoryName": repository.name}


def _no_policy(repository: Repository) -> AwsError:
    message = (
        f"Repository policy does not exist for the repository with name '{repository.name}' "
        f"in the registry with id '{repository.account}'"
    )
    return AwsError("RepositoryPolicyNotFoundException", message)


def get_repository_policy(world: World, call: Call) -> Answer:
    found = find_repository(world, call, call.params["repositoryName"])
    policy = found.before if call.stale_read and found.writes else found.policy
    if policy is None:
        raise _no_policy(found)
    return {**_about(found), "policyText": read_back(policy, world.principals, call.at, world.order)}


def set_repository_policy(world: World, call: Call) -> Answer:
    found = find_repository(world, call, call.params["repositoryName"])
    document = accept(call.params["policyText"], world.principals, call.at)
    if not call.params.get("force") and denies(document, call.caller, "ecr:SetRepositoryPolicy"):
        raise refused()
    policy = Policy(document)
    found.write_policy(policy, call.caller, call.at)
    return {**_about(found), "policyText": read_back(policy, world.principals, call.at, world.order)}


def delete_repository_policy(world: World, call: Call) -> Answer:
    found = find_repository(world, call, call.params["repositoryName"])
    if found.policy is None:
        raise _no_policy(found)
    text = read_back(found.policy, world.principals, call.at, world.order)
    found.write_policy(None, call.caller, call.at)
    return {**_about(found), "policyText": text}
