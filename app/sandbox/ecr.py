"""Amazon ECR's repositories and their policies, as the API answers for them; must never know the wire."""

from __future__ import annotations

import base64
import binascii
import bisect
from typing import Any

from app.sandbox.authorization import check, request_of
from app.sandbox.call import Call
from app.sandbox.errors import AwsError
from app.sandbox.policy_access import Effect, effect_of
from app.sandbox.policy_read import read_back
from app.sandbox.policy_text import Policy, accept, refused
from app.sandbox.request_context import Resource
from app.sandbox.state import Repository, World
from app.sandbox.tags import checked_tags

Answer = dict[str, Any]


def find_repository(world: World, call: Call, name: str) -> Repository:
    """Return the repository that the call is about.

    Raises:
        AwsError: there is none, or AWS refuses the call: by a Deny, or because it is another account's.
    """
    registry = call.params.get("registryId") or call.account
    home = world.homes.get((registry, call.region))
    repository = home.repositories.get(name) if home else None
    check(world, call, repository or Resource(call.resource, registry, call.region))
    if repository is None:
        message = f"The repository with name '{name}' does not exist in the registry with id '{registry}'"
        raise AwsError("RepositoryNotFoundException", message)
    return repository


def describe(repository: Repository) -> Answer:
    answer: Answer = {
        "repositoryArn": repository.arn,
        "registryId": repository.account,
        "repositoryName": repository.name,
        "repositoryUri": repository.uri,
        "createdAt": repository.created_at,
        "imageTagMutability": repository.mutability,
        "imageScanningConfiguration": {"scanOnPush": repository.scan_on_push},
        "encryptionConfiguration": repository.encryption,
    }
    return {**answer, "imageTagMutabilityExclusionFilters": repository.exclusions} if repository.exclusions else answer


def create_repository(world: World, call: Call) -> Answer:
    name = call.params["repositoryName"]
    registry = call.params.get("registryId") or call.account
    check(world, call, Resource(call.resource, registry, call.region))
    home = world.home(registry, call.region)
    if name in home.repositories:
        message = f"The repository with name '{name}' already exists in the registry with id '{registry}'"
        raise AwsError("RepositoryAlreadyExistsException", message)
    made = Repository(
        name,
        registry,
        call.region,
        created_at=round(call.at, 3),
        mutability=call.params.get("imageTagMutability") or "MUTABLE",
        exclusions=_exclusions(call.params),
        scan_on_push=(call.params.get("imageScanningConfiguration") or {}).get("scanOnPush", False),
        tags=checked_tags(call.params.get("tags") or []),
        images=[],
    )
    made.encryption = call.params.get("encryptionConfiguration") or made.encryption
    home.add_repository(made)
    return {"repository": describe(made)}


def _exclusions(params: dict[str, Any]) -> list[dict[str, str]]:
    """The filters of tags that are exempt from the repository's mutability; they go with two kinds of it alone."""
    filters: list[dict[str, str]] = params.get("imageTagMutabilityExclusionFilters") or []
    if bool(filters) != (params.get("imageTagMutability") or "").endswith("_WITH_EXCLUSION"):
        message = (
            "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: "
            "'Must be given with IMMUTABLE_WITH_EXCLUSION or MUTABLE_WITH_EXCLUSION, and only with these'"
        )
        raise AwsError("InvalidParameterException", message)
    return filters


def delete_repository(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    if (repository.images is None or repository.images) and not call.params.get("force"):
        message = (
            f"The repository with name '{repository.name}' in registry with id '{repository.account}' "
            "cannot be deleted because it still contains images"
        )
        raise AwsError("RepositoryNotEmptyException", message)
    world.home(repository.account, repository.region).drop_repository(repository.name)
    return {"repository": describe(repository)}


def describe_repositories(world: World, call: Call) -> Answer:
    names = call.params.get("repositoryNames")
    if names is not None:
        if call.params.get("maxResults") is not None or call.params.get("nextToken") is not None:
            message = "Invalid parameter: maxResults and nextToken cannot be given together with repositoryNames"
            raise AwsError("InvalidParameterException", message)
        return {"repositories": [describe(find_repository(world, call, name)) for name in names]}
    registry = call.params.get("registryId") or call.account
    check(world, call, Resource(call.resource, registry, call.region))
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
    repository = find_repository(world, call, call.params["repositoryName"])
    policy = repository.before if call.stale_read and repository.writes else repository.policy
    if policy is None:
        raise _no_policy(repository)
    return {**_about(repository), "policyText": read_back(policy, world.principals, call.at, world.order)}


def set_repository_policy(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    document = accept(call.params["policyText"], world.principals, call.at)
    request = request_of(world, call.identity, call.action, repository, call.at)
    if not call.params.get("force") and effect_of(document, request) is Effect.DENY:
        raise refused()  # it would keep its writer from ever writing again
    policy = Policy(document)
    repository.write_policy(policy, call.caller, call.at)
    return {**_about(repository), "policyText": read_back(policy, world.principals, call.at, world.order)}


def delete_repository_policy(world: World, call: Call) -> Answer:
    repository = find_repository(world, call, call.params["repositoryName"])
    if repository.policy is None:
        raise _no_policy(repository)
    text = read_back(repository.policy, world.principals, call.at, world.order)
    repository.write_policy(None, call.caller, call.at)
    return {**_about(repository), "policyText": text}
