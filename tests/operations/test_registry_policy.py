"""A registry policy decides what an operation may do and report, by the known read or one of its own."""

from __future__ import annotations

import json

import pytest

from app.errors import Problem
from app.inventory.registries import RegistryReading, find_registry, remember_registry
from tests.build import REGION, SERVICE
from tests.operations.workshop import actions, active, repository

WEB = "storefront/web"
DENY = {"Sid": "NoPulls", "Effect": "Deny", "Principal": "*", "Action": "ecr:BatchGetImage", "Resource": "*"}
PUSHES = {**DENY, "Sid": "NoPushes", "Action": "ecr:PutImage"}


@pytest.fixture
def ready(aws):
    active(aws, SERVICE)
    repository(aws, WEB)
    return aws


def registry(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def read(shop, text, *, scope="V2", problem=None):
    """Let the background reader have read this just now."""
    services = shop.services
    reading = RegistryReading(services.clock.now(), text, scope, problem)
    remember_registry(services.db, services.connection, REGION, reading)


def note(progress):
    return progress.steps[-1].note.code if progress.steps[-1].note else ""


def test_a_deny_that_is_known_is_refused_before_anything_is_written(shop, ready):
    read(shop, registry(DENY))
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.outcome, ended.problem.code) == ("failed", "access.denied_by_registry")
    assert "NoPulls" in str(ended.problem.params["statement"])
    assert "SetRepositoryPolicy" not in actions(ready)


def test_a_deny_that_only_the_last_step_sees_fails_it_and_is_named(shop, ready):
    shop.ended(shop.grant(SERVICE, WEB))
    shop.ended(shop.revoke(SERVICE, WEB))
    ready.registry_policies[REGION] = registry(DENY)
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.outcome, ended.problem.code) == ("failed", "access.denied_by_registry")
    assert "NoPulls" in str(ended.problem.params["statement"])


def test_under_scope_v1_a_deny_is_no_obstacle(shop, ready):
    read(shop, registry(DENY), scope="V1")
    assert shop.ended(shop.grant(SERVICE, WEB)).outcome == "succeeded"


def test_the_remark_says_when_the_registry_policy_was_read(shop, ready):
    read(shop, registry(PUSHES))
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert note(ended) == "access.not_denied_by_registry"
    assert isinstance(ended.steps[-1].note.params["seconds"], int)


@pytest.mark.both_databases
def test_a_registry_policy_that_may_not_be_read_is_said_and_refuses_nobody(shop, ready):
    denied = Problem("aws.access_denied", action="ecr:GetRegistryPolicy", resource="*", region=REGION)
    read(shop, None, problem=denied)
    ended = shop.ended(shop.grant(SERVICE, WEB))
    assert (ended.outcome, note(ended)) == ("succeeded", "access.allowed_unread")


@pytest.mark.parametrize("scope", ["V1", "V2"])
def test_what_the_last_step_reads_is_kept_for_pages(shop, ready, scope):
    shop.ended(shop.grant(SERVICE, WEB))
    shop.ended(shop.revoke(SERVICE, WEB))
    ready.registry_policies[REGION], ready.registry_scopes[REGION] = registry(PUSHES), scope
    shop.ended(shop.grant(SERVICE, WEB))
    known = find_registry(shop.services.db, shop.services.connection, REGION)
    assert (known.policy.text, known.policy.scope) == (registry(PUSHES), scope)
