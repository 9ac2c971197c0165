"""The actions of Amazon ECR: to recognize misspelt ones, and statements written for a registry policy."""

from __future__ import annotations

import re

from app.policy.statement import Statement, strings

ACTION_FORM = re.compile(r"\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+")
TOKEN_ACTION = "ecr:getauthorizationtoken"  # noqa: S105  (the name of an action)
"""In lower case; it is about the registry, so a repository policy can't give it."""
ECR_ACTIONS = frozenset(
    f"ecr:{name}".lower()
    for name in [
        "BatchCheckLayerAvailability",
        "BatchDeleteImage",
        "BatchGetImage",
        "BatchGetRepositoryScanningConfiguration",
        "BatchImportUpstreamImage",
        "CompleteLayerUpload",
        "CreatePullThroughCacheRule",
        "CreateRepository",
        "CreateRepositoryCreationTemplate",
        "DeleteLifecyclePolicy",
        "DeletePullThroughCacheRule",
        "DeleteRegistryPolicy",
        "DeleteRepository",
        "DeleteRepositoryCreationTemplate",
        "DeleteRepositoryPolicy",
        "DeleteSigningConfiguration",
        "DeregisterPullTimeUpdateExclusion",
        "DescribeImageReplicationStatus",
        "DescribeImageScanFindings",
        "DescribeImageSigningStatus",
        "DescribeImages",
        "DescribePullThroughCacheRules",
        "DescribeRegistry",
        "DescribeReplicationBackfillResults",
        "DescribeRepositories",
        "DescribeRepositoryCreationTemplates",
        "GetAccountSetting",
        "GetAuthorizationToken",
        "GetDownloadUrlForLayer",
        "GetLifecyclePolicy",
        "GetLifecyclePolicyPreview",
        "GetRegistryPolicy",
        "GetRegistryScanningConfiguration",
        "GetRepositoryPolicy",
        "GetSigningConfiguration",
        "InitiateLayerUpload",
        "ListImageReferrers",
        "ListImages",
        "ListPullTimeUpdateExclusions",
        "ListReplicationBackfills",
        "ListTagsForResource",
        "PutAccountSetting",
        "PutImage",
        "PutImageScanningConfiguration",
        "PutImageTagMutability",
        "PutLifecyclePolicy",
        "PutRegistryPolicy",
        "PutRegistryScanningConfiguration",
        "PutReplicationConfiguration",
        "PutSigningConfiguration",
        "RegisterPullTimeUpdateExclusion",
        "ReplicateImage",
        "SetRepositoryPolicy",
        "StartImageScan",
        "StartLifecyclePolicyPreview",
        "StartReplicationBackfill",
        "StopReplicationBackfill",
        "TagResource",
        "UntagResource",
        "UpdateImageStorageClass",
        "UpdatePullThroughCacheRule",
        "UpdateRepositoryCreationTemplate",
        "UploadLayerPart",
        "ValidatePullThroughCacheRule",
    ]
)
"""In lower case: every operation of ECR's API, and the two that exist only as permissions."""

REGISTRY_ACTIONS = frozenset({"ecr:replicateimage", "ecr:createrepository", "ecr:batchimportupstreamimage"})
"""Actions that only a registry policy can allow, in lower case: replication, and pull through cache."""


def is_registry_statement(statement: Statement) -> bool:
    """Return whether a statement belongs in the registry policy.

    It does if one of its actions has no meaning elsewhere, or if all of them (one of them, with a `Resource`) are
    registry actions. `ecr:CreateRepository` alone is by mistake in many lists of all actions.
    """
    actions = {action.lower() for action in strings(statement.get("Action", ()))}
    there = actions & REGISTRY_ACTIONS
    return bool(there) and (there != {"ecr:createrepository"} or there == actions or "Resource" in statement)
