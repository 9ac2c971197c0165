"""Tags of repositories, as the ECR API accepts and lists them."""

from __future__ import annotations

import re
from typing import Any

from app.sandbox.authorization import check
from app.sandbox.call import Call
from app.sandbox.errors import AwsError
from app.sandbox.state import Repository, World

Answer = dict[str, Any]
MOST_TAGS = 50
LONGEST_KEY, LONGEST_VALUE = 128, 256
KEY = re.compile(r"[\w\s.:/=+@-]+")
REPOSITORY_ARN = re.compile(r"arn:aws:ecr:([a-z0-9-]+):(\d{12}):repository/(.+)")


def checked_tags(tags: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the tags.

    Raises:
        AwsError: ECR refuses such tags (Amazon ECR User Guide, "Tag restrictions"; the sentences are [inferred]).
    """
    keys = [tag["Key"] for tag in tags]
    if len(set(keys)) != len(keys):
        raise AwsError("InvalidTagParameterException", "A tag key is given more than once")
    if len(tags) > MOST_TAGS:
        raise AwsError("TooManyTagsException", f"A repository can have at most {MOST_TAGS} tags")
    for tag in tags:
        key, value = tag["Key"], tag["Value"]
        if not KEY.fullmatch(key) or len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
            raise AwsError("InvalidTagParameterException", f"The tag with key '{key}' is invalid")
        if key.lower().startswith("aws:"):
            raise AwsError("InvalidTagParameterException", f"The tag key '{key}' begins with aws:, which AWS reserves")
    return tags


def _tagged(world: World, call: Call) -> Repository:
    """Return the repository of the call's ARN."""
    arn = call.params["resourceArn"]
    match = REPOSITORY_ARN.fullmatch(arn)
    if not match or match[1] != call.region:
        message = "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'"
        raise AwsError("InvalidParameterException", message)
    home = world.homes.get((match[2], match[1]))
    repository = home.repositories.get(match[3]) if home else None
    if repository is None or repository.account != call.account:
        message = f"The repository with name '{match[3]}' does not exist in the registry with id '{match[2]}'"
        raise AwsError("RepositoryNotFoundException", message)
    check(world, call, repository)
    return repository


def list_tags_for_resource(world: World, call: Call) -> Answer:
    return {"tags": _tagged(world, call).tags}


def tag_resource(world: World, call: Call) -> Answer:
    repository = _tagged(world, call)
    values = {tag["Key"]: tag["Value"] for tag in (*repository.tags, *checked_tags(call.params["tags"]))}
    repository.tags = checked_tags([{"Key": key, "Value": value} for key, value in values.items()])
    return {}


def untag_resource(world: World, call: Call) -> Answer:
    repository = _tagged(world, call)
    repository.tags = [tag for tag in repository.tags if tag["Key"] not in call.params["tagKeys"]]
    return {}
