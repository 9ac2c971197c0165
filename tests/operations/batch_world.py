"""Batches in the tests of operations: thirty repositories, and what became of each item."""

from __future__ import annotations

import json

import pytest

from app.history import batches
from app.operations.batches import NewItem
from app.operations.state import Kind
from tests.build import REGION
from tests.console import until
from tests.operations.workshop import repository

NAMES = [f"team/app-{number:02}" for number in range(30)]


def items(service: str, names=NAMES) -> list[NewItem]:
    return [NewItem(REGION, service, name) for name in names]


def several(services, names=NAMES) -> list[NewItem]:
    return [NewItem(REGION, service, name) for service in services for name in names]


def start(shop, action: Kind, service: str, names=NAMES) -> str:
    return shop.services.batches.start(action, items(service, names), "mika")


def counts(shop, batch_id: str) -> dict[str, int]:
    return batches.counts_of(shop.services.db, [batch_id])[batch_id]


def ended(shop, batch_id: str) -> dict[str, int]:
    """How many items ended in which way, once the batch has ended."""
    until(
        lambda: [runner.outcome for runner in batches.runners_of(shop.services.db, batch_id)],
        lambda outcomes: None not in outcomes,
    )
    return counts(shop, batch_id)


def all_items(shop, batch_id: str):
    return batches.list_items(shop.services.db, batch_id, limit=1_000).items


def names_in(aws, service: str, names=NAMES) -> list[str]:
    """The repositories whose policy names the service's role."""
    return [name for name in names if f"/containers/{service}/private-repo-access/" in json.dumps(aws.policy_of(name))]


@pytest.fixture
def world(shop, aws):
    for name in NAMES:
        repository(aws, name)
    usual = aws.activation_seconds
    yield shop
    aws.activation_seconds = usual
