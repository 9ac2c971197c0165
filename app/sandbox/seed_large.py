"""A large data set, cheap to create: repositories share policies, images are generated when first used."""

from __future__ import annotations

from app.sandbox.call import DEFAULT_ACCOUNT
from app.sandbox.policy_text import Policy, rewritten
from app.sandbox.seed_demo import ServicePlan, add_service
from app.sandbox.seed_deployments import DAY, MAIN
from app.sandbox.seed_policies import foreign_document, grant_document
from app.sandbox.state import Repository, World

TEAMS = (
    "analytics",
    "billing",
    "checkout",
    "identity",
    "media",
    "payments",
    "platform",
    "search",
    "storefront",
    "tools",
)
KINDS = ("api", "worker", "web", "sidecar", "batch", "migrations")
POWERS = ("nano", "micro", "small", "medium")


def plant_large(world: World, repositories: int, services: int) -> None:
    """Fill an empty world: a third of the repositories have no policy, a third a foreign one, a third a grant."""
    now = world.clock.now()
    made = [
        add_service(
            world,
            ServicePlan(f"service-{number:03}", MAIN, POWERS[number % 4], 1 + number % 3, number, role=number % 4 != 3),
            DEFAULT_ACCOUNT,
            now,
        )
        for number in range(services)
    ]
    policies = [None, Policy(rewritten(foreign_document()))]
    granted = [Policy(rewritten(grant_document(service))) for service in made if service.roles_made]
    home = world.home(DEFAULT_ACCOUNT, MAIN)
    for number in range(repositories):
        name = f"{TEAMS[number % 10]}/{KINDS[number % 6]}-{number:06}"
        kind = number % 3
        policy = granted[number // 3 % len(granted)] if kind == 2 and granted else policies[kind % 2]
        created_at = round(now - (number % 900) * DAY, 3)
        home.repositories[name] = Repository(name, DEFAULT_ACCOUNT, MAIN, created_at, policy=policy)
