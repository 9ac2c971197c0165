"""Finds out the image URI that a deployment names, as ECR tells it, and keeps it with the operation."""

from __future__ import annotations

from app.errors import Problem
from app.inventory import queries, store
from app.operations.step import Stepping


async def learn_image_uri(step: Stepping, arn: str) -> bool:
    """Keep the repository's URI and the role's ARN; asks ECR only where the inventory has not seen the repository.

    Returns whether ECR was asked.

    Access has been given already: somebody who may change a policy but not describe the repository is not refused.
    """
    context, operation = step.context, step.operation
    uri = known = await context.in_db(
        queries.repository_uri, context.db, operation.connection, operation.region, operation.repository
    )
    if not uri:
        try:
            repositories = context.aws.repositories(operation.region)
            repository = await step.once(repositories.get_repository, operation.repository)
        except Problem:
            uri = ""
        else:
            uri = repository.uri
            await context.in_db(
                store.remember_repository, context.db, operation.connection, repository, context.clock.now()
            )
    step.learn(principal_arn=arn, image_uri=uri)
    return not known
