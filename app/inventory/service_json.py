"""A container service to JSON and back, for the store. Must never write down what an account keeps secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from app.aws.ports import Container, ContainerService, Deployment

_CODEC = TypeAdapter(ContainerService)


def to_facts(service: ContainerService) -> dict[str, Any]:
    """All of the service but the values of its containers' environment variables: people keep passwords there."""
    bare = replace(
        service,
        current_deployment=_without_values(service.current_deployment),
        next_deployment=_without_values(service.next_deployment),
    )
    facts: dict[str, Any] = _CODEC.dump_python(bare, mode="json")
    return facts


def from_facts(facts: Mapping[str, Any]) -> ContainerService:
    """The service that `to_facts` wrote, also by an earlier release."""
    return _CODEC.validate_python(facts)


def _without_values(deployment: Deployment | None) -> Deployment | None:
    if deployment is None:
        return None
    return replace(deployment, containers=tuple(map(_without_value, deployment.containers)))


def _without_value(container: Container) -> Container:
    return replace(container, environment=dict.fromkeys(container.environment, ""))
