"""The operations that the sandbox offers, by the names AWS gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.sandbox import ecr, image_writes, images, lifecycle, lightsail, registry, sts, tags
from app.sandbox.call import Call
from app.sandbox.state import World

Handler = Callable[[World, Call], dict[str, Any]]

OFFERED: dict[str, Handler] = {
    "lightsail:GetContainerServices": lightsail.get_container_services,
    "lightsail:CreateContainerService": lightsail.create_container_service,
    "lightsail:UpdateContainerService": lightsail.update_container_service,
    "lightsail:DeleteContainerService": lightsail.delete_container_service,
    "lightsail:CreateContainerServiceDeployment": lightsail.create_container_service_deployment,
    "lightsail:GetContainerServiceDeployments": lightsail.get_container_service_deployments,
    "lightsail:GetContainerImages": lightsail.get_container_images,
    "lightsail:GetContainerServicePowers": lightsail.get_container_service_powers,
    "lightsail:GetContainerLog": lightsail.get_container_log,
    "ecr:CreateRepository": ecr.create_repository,
    "ecr:DescribeRepositories": ecr.describe_repositories,
    "ecr:DeleteRepository": ecr.delete_repository,
    "ecr:GetRepositoryPolicy": ecr.get_repository_policy,
    "ecr:SetRepositoryPolicy": ecr.set_repository_policy,
    "ecr:DeleteRepositoryPolicy": ecr.delete_repository_policy,
    "ecr:ListImages": images.list_images,
    "ecr:DescribeImages": images.describe_images,
    "ecr:BatchGetImage": images.batch_get_image,
    "ecr:GetDownloadUrlForLayer": images.get_download_url_for_layer,
    "ecr:PutImage": image_writes.put_image,
    "ecr:BatchDeleteImage": image_writes.batch_delete_image,
    "ecr:UpdateImageStorageClass": image_writes.update_image_storage_class,
    "ecr:GetRegistryPolicy": registry.get_registry_policy,
    "ecr:PutRegistryPolicy": registry.put_registry_policy,
    "ecr:DeleteRegistryPolicy": registry.delete_registry_policy,
    "ecr:GetAccountSetting": registry.get_account_setting,
    "ecr:PutAccountSetting": registry.put_account_setting,
    "ecr:GetLifecyclePolicy": lifecycle.get_lifecycle_policy,
    "ecr:PutLifecyclePolicy": lifecycle.put_lifecycle_policy,
    "ecr:DeleteLifecyclePolicy": lifecycle.delete_lifecycle_policy,
    "ecr:ListTagsForResource": tags.list_tags_for_resource,
    "ecr:TagResource": tags.tag_resource,
    "ecr:UntagResource": tags.untag_resource,
    "sts:GetCallerIdentity": sts.get_caller_identity,
}
WRITES = frozenset(
    action
    for action in OFFERED
    if action.partition(":")[2].startswith(
        ("Create", "Update", "Delete", "Set", "Put", "BatchDelete", "TagResource", "UntagResource")
    )
)
