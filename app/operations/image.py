"""Finds the image URI for a deployment, as ECR returns it, and stores it with the operation."""

from __future__ import annotations

from app.errors import Problem
from app.inventory import queries, store
from app.operations.step import Stepping


async def learn_image_uri(step: Stepping, arn: str, *, asks: bool = True) -> bool:
    """Keep the repository's URI and the role's ARN; asks ECR, if it may, where the inventory has not seen the repository.

    Returns whether ECR was called.

    Access has been granted already: a caller who may change a policy but not describe the repository is not refused.
    """
    context, operation = step.context, step.operation
    uri = known_uri = await context.in_db(queries.repository_uri, operation.repository_key)
    if not uri and asks:
        try:
            repositories = context.aws.repositories(operation.region)
            repository = await step.once(repositories.get_repository, operation.repository)
        except Problem:
            uri = ""
        else:
            uri = repository.uri
            await context.in_db(store.remember_repository, operation.connection, repository, context.clock.now())
    step.learn(principal_arn=arn, image_uri=uri)
    return asks and not known_uri
