"""What AWS CloudFormation does to container services, as in the published handler of `AWS::Lightsail::Container`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.sandbox.call import Call
from app.sandbox.lightsail import update_container_service
from app.sandbox.state import Service, World

CLOUDFORMATION = "aws:cloudformation:"


def update_by_stack(world: World, service: Service, stack: str, properties: Mapping[str, Any]) -> None:
    """Update the service as a stack would, and give it the stack's tags.

    A template without `PrivateRegistryAccess` deactivates the image puller role (Translator.java of
    aws-cloudformation/aws-cloudformation-resource-providers-lightsail).

    Args:
        world: where the service is.
        service: the service in the stack.
        stack: its name.
        properties: those of the container in the template.

    Raises:
        AwsError: Lightsail refuses the update.
    """
    role = (properties.get("PrivateRegistryAccess") or {}).get("EcrImagePullerRole") or {}
    params: dict[str, Any] = {
        "serviceName": service.name,
        "privateRegistryAccess": {"ecrImagePullerRole": {"isActive": bool(role.get("IsActive", False))}},
    }
    for name in ("Power", "Scale", "IsDisabled"):
        if name in properties:
            params[name[0].lower() + name[1:]] = properties[name]
    now = world.clock.now()
    call = Call("lightsail", "UpdateContainerService", params, service.account, service.region, "", at=now)
    update_container_service(world, call)
    tag_by_stack(service, stack)


def tag_by_stack(service: Service, stack: str) -> None:
    """Add the tags that CloudFormation sets on a stack's resources."""
    tags = {
        "stack-name": stack,
        "stack-id": f"arn:aws:cloudformation:{service.region}:{service.account}:stack/{stack}/{service.id}",
        "logical-id": "ContainerService",
    }
    kept = [tag for tag in service.tags if not tag["key"].startswith(CLOUDFORMATION)]
    service.tags = kept + [{"key": f"{CLOUDFORMATION}{name}", "value": value} for name, value in tags.items()]
