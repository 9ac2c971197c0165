"""The demo's data: a small company's two accounts, in two regions, with states and problems of real ones.

Names, ids and digests are the same in every run; times are relative to the start.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from app.sandbox import ids
from app.sandbox.call import DEFAULT_ACCOUNT
from app.sandbox.images import images_of
from app.sandbox.manifests import (
    LINUX,
    NOTATION_SIGNATURE,
    SPDX,
    UNKNOWN,
    make_attestation,
    make_image,
    make_index,
    make_referrer,
    make_tagged_signature,
)
from app.sandbox.policy_text import Policy, rewritten
from app.sandbox.seed_deployments import DAY, MAIN, TOKYO, container, deploy, deploy_all
from app.sandbox.seed_policies import CLOSED_ACCOUNT, OTHER_ACCOUNT, demo_policies, demo_registry_policy
from app.sandbox.stacks import tag_by_stack
from app.sandbox.state import Puller, Repository, Service, World


class ServicePlan(NamedTuple):
    """`age` is days. `role` says whether the image puller role is active; None: older than such roles."""

    name: str
    region: str
    power: str
    scale: int
    age: float
    role: bool | None


class RepositoryPlan(NamedTuple):
    """`images` are the tags of each image, from the oldest to the newest."""

    name: str
    region: str
    images: tuple[str, ...]
    megabytes: int
    is_immutable: bool = False


SERVICES = (
    ServicePlan("storefront-web", MAIN, "micro", 2, 412, role=True),
    ServicePlan("payments-api", MAIN, "small", 3, 231, role=False),
    ServicePlan("batch-worker", MAIN, "nano", 1, 377, role=False),
    ServicePlan("reporting", MAIN, "medium", 1, 96, role=True),
    ServicePlan("edge-cache", MAIN, "large", 4, 18, role=True),
    ServicePlan("legacy-blog", MAIN, "nano", 1, 1_502, role=None),
    ServicePlan("tokyo-api", TOKYO, "small", 2, 143, role=True),
)
REPOSITORIES = (
    RepositoryPlan("analytics/etl", MAIN, ("2.3.0", "2.4.0", "", "2.4.1 latest"), 412),
    RepositoryPlan("analytics/reports", MAIN, ("1.8.2", "1.9.0 latest"), 268),
    RepositoryPlan("edge/cache", MAIN, ("7.4.1", "7.4.2", "7.5.0 stable"), 58, is_immutable=True),
    RepositoryPlan("payments/api", MAIN, ("3.10.0", "3.11.0", "3.11.1", "3.12.0"), 143, is_immutable=True),
    RepositoryPlan("payments/ledger", MAIN, ("0.9.4", "0.9.5 latest"), 97),
    RepositoryPlan("payments/worker", MAIN, ("3.11.1", "3.12.0 latest", ""), 138),
    RepositoryPlan("shared/base-node", MAIN, ("20.18", "22.11 lts latest"), 181),
    RepositoryPlan("shared/base-python", MAIN, ("3.11", "3.12", "3.13 latest"), 129),
    RepositoryPlan("shared/otel-collector", MAIN, ("0.110.0", "0.112.0"), 84, is_immutable=True),
    RepositoryPlan("storefront/nginx-sidecar", MAIN, ("1.27.2", "1.27.3 latest"), 47),
    RepositoryPlan("storefront/web", MAIN, ("5.1.0", "5.2.0", "5.2.1", "", "5.3.0 latest"), 216),
    RepositoryPlan("tools/cli", MAIN, ("0.4.0 latest",), 31),
    RepositoryPlan("tokyo/api", TOKYO, ("1.2.0", "1.3.0 latest"), 151),
    RepositoryPlan("tokyo/scheduler", TOKYO, ("0.7.1 latest",), 118),
    RepositoryPlan("tokyo/inbox", TOKYO, ("2026-05", "2026-06 latest"), 64),
    RepositoryPlan("tokyo/legacy", TOKYO, ("4.2.0 latest",), 377),
    RepositoryPlan("tokyo/partners", TOKYO, ("1.0.0 latest",), 73),
)


def plant_demo(world: World) -> None:
    """Fill an empty world with the demo's accounts."""
    now = world.clock.now()
    for plan in SERVICES:
        add_service(world, plan, DEFAULT_ACCOUNT, now)
    policies = demo_policies(world)
    for number, each in enumerate(REPOSITORIES):
        repository = _add_repository(world, each, DEFAULT_ACCOUNT, now, number)
        if each.name in policies:
            repository.policy = Policy(rewritten(policies[each.name]))
    _add_oddities(world, now)
    world.home(DEFAULT_ACCOUNT, TOKYO).registry.policy = Policy(rewritten(demo_registry_policy()))
    world.principals.closed_accounts.add(CLOSED_ACCOUNT)
    deploy_all(world, now)
    _plant_other_account(world, now)


def add_service(world: World, plan: ServicePlan, account: str, now: float) -> Service:
    """Add a READY service as planned and return it."""
    name, region = plan.name, plan.region
    service = Service(
        name,
        account,
        region,
        id=ids.uuid_of("service", account, region, name),
        created_at=round(now - plan.age * DAY, 3),
        power=plan.power,
        scale=plan.scale,
        role_arn=ids.service_role_arn(account, region, name, "seed"),
        puller=None if plan.role is None else Puller(),
    )
    world.principals.born(service.role_arn, -math.inf)
    if plan.role:
        service.roles_made = 1
        arn = ids.puller_role_arn(account, region, name, f"{service.id} 1")
        service.puller = Puller(is_active=True, arn=arn, shown_from=-math.inf)
        world.principals.born(arn, -math.inf)
    world.home(account, region).services[name] = service
    return service


def _add_repository(world: World, plan: RepositoryPlan, account: str, now: float, number: int) -> Repository:
    newest = now - (0.6 + number * 1.7) * DAY
    images = []
    for each, tags in enumerate(plan.images):
        size = plan.megabytes * 1_000_000 + each * 731_213
        pushed_at = newest - (len(plan.images) - 1 - each) * 9 * DAY
        images.append(make_image(plan.name, each, tags.split(), size, pushed_at))
    if plan.name == "payments/worker":  # pushed by buildx: an index over the image and its provenance
        images[-2].tags, tags_of_index = [], images[-2].tags
        images[-1] = make_attestation(plan.name, len(images), images[-2], newest)
        images.append(make_index(tags_of_index, [(images[-2], LINUX), (images[-1], UNKNOWN)], newest))
    created_at = round(now - (200 + number * 23) * DAY, 3)
    repository = Repository(plan.name, account, plan.region, created_at, images=images)
    repository.mutability = "IMMUTABLE" if plan.is_immutable else "MUTABLE"
    world.home(account, plan.region).add_repository(repository)
    return repository


def _add_oddities(world: World, now: float) -> None:
    """Add special cases: an archived image, one only for ARM, artifacts about images, resources of stacks and tools."""
    services = world.home(DEFAULT_ACCOUNT, MAIN).services
    tag_by_stack(services["edge-cache"], "edge-production")
    services["payments-api"].tags = [{"key": "managed-by", "value": "terraform"}]
    repositories = world.home(DEFAULT_ACCOUNT, TOKYO).repositories
    oldest, newest = images_of(repositories["tokyo/api"])
    oldest.status, oldest.archived_at = "ARCHIVED", round(now - 12 * DAY, 3)
    pushed_at = newest.pushed_at + 60
    images_of(repositories["tokyo/api"]).extend(
        [
            make_tagged_signature(newest, pushed_at),
            make_referrer(newest, NOTATION_SIGNATURE, pushed_at),
            make_referrer(newest, SPDX, pushed_at),
        ]
    )
    for_arm = make_image("tokyo/scheduler", 2, ["0.8.0"], 121_000_000, now - 2 * DAY, platform="linux/arm64")
    images_of(repositories["tokyo/scheduler"]).append(for_arm)


def _plant_other_account(world: World, now: float) -> None:
    service = add_service(world, ServicePlan("staging-web", MAIN, "nano", 1, 60, role=False), OTHER_ACCOUNT, now)
    deploy(service, now - 55 * DAY, {"web": container("public.ecr.aws/nginx/nginx:1.27", "80")})
    for number, name in enumerate(("staging/jobs", "staging/web")):
        _add_repository(world, RepositoryPlan(name, MAIN, ("0.1.0", "0.2.0 latest"), 90), OTHER_ACCOUNT, now, number)
