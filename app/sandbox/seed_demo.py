"""The demo's data: a small company's two accounts, in two regions, with what goes right and wrong in real ones.

Names, ids and digests are the same in every run; moments are counted back from the start.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from app.sandbox import ids
from app.sandbox.call import DEFAULT_ACCOUNT
from app.sandbox.images import make_image, make_index
from app.sandbox.policy_text import Policy, rewritten
from app.sandbox.seed_policies import demo_policies
from app.sandbox.state import Deployment, Puller, Repository, Service, World

OTHER_ACCOUNT = "210987654321"
MAIN, TOKYO = "us-east-1", "ap-northeast-1"
DAY = 86_400.0
STILL_DEPLOYING = 1_800.0


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
    _deploy_all(world, now)
    _plant_other_account(world, now)


def add_service(world: World, plan: ServicePlan, account: str, now: float) -> Service:
    """A READY service as planned."""
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
        images.append(make_index(plan.name, len(images), tags_of_index, images[-2:], newest))
    created_at = round(now - (200 + number * 23) * DAY, 3)
    repository = Repository(plan.name, account, plan.region, created_at, images=images)
    repository.mutability = "IMMUTABLE" if plan.is_immutable else "MUTABLE"
    world.home(account, plan.region).add_repository(repository)
    return repository


def _container(image: str, port: str = "8080", **environment: str) -> dict[str, Any]:
    return {"image": image, "command": [], "environment": environment, "ports": {port: "HTTP"}}


def _ecr(region: str, repository: str, tag: str, account: str = DEFAULT_ACCOUNT) -> str:
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{repository}:{tag}"


def _endpoint(container: str, port: int) -> dict[str, Any]:
    check = {"healthyThreshold": 2, "unhealthyThreshold": 2, "timeoutSeconds": 2, "intervalSeconds": 5}
    return {
        "containerName": container,
        "containerPort": port,
        "healthCheck": {**check, "path": "/healthz", "successCodes": "200-299"},
    }


def _deploy(
    service: Service, at: float, containers: dict[str, Any], *, seconds: float = 90.0, failure: str = ""
) -> None:
    version = len(service.deployments) + 1
    name, container = next(iter(containers.items()))
    endpoint = _endpoint(name, int(next(iter(container["ports"]))))
    service.deployments.append(Deployment(version, round(at, 3), at + seconds, containers, endpoint, failure))


def _deploy_all(world: World, now: float) -> None:
    here = world.home(DEFAULT_ACCOUNT, MAIN).services
    web = here["storefront-web"]
    for tag, age in (("5.2.0", 40), ("5.2.1", 21), ("5.3.0", 2)):
        sidecar = _container(_ecr(MAIN, "storefront/nginx-sidecar", "1.27.3"), "80")
        app = _container(_ecr(MAIN, "storefront/web", tag), "3000", NODE_ENV="production")
        _deploy(web, now - age * DAY, {"nginx": sidecar, "web": app})
    _store(here["payments-api"], "api", now - 33 * DAY, 2)
    _deploy(here["payments-api"], now - 33 * DAY, {"api": _container(":payments-api.api.2")})
    _deploy(here["batch-worker"], now - 300 * DAY, {"worker": _container("public.ecr.aws/docker/library/busybox:1.36")})
    here["batch-worker"].is_disabled = True
    reporting = here["reporting"]
    _store(reporting, "app", now - 64 * DAY, 1)
    _deploy(reporting, now - 64 * DAY, {"app": _container(":reporting.app.1")})
    wrong = _container(_ecr(MAIN, "analytics/reports", "1.9.0"))
    _deploy(reporting, now - 3 * DAY, {"app": wrong}, failure="Canceled")
    edge = here["edge-cache"]
    _deploy(edge, now - 17 * DAY, {"cache": _container(_ecr(MAIN, "edge/cache", "7.4.2"), "6081")})
    _deploy(edge, now - 40, {"cache": _container(_ecr(MAIN, "edge/cache", "7.5.0"), "6081")}, seconds=STILL_DEPLOYING)
    _deploy(here["legacy-blog"], now - 900 * DAY, {"blog": _container("wordpress:5.8-apache", "80")})
    tokyo = world.home(DEFAULT_ACCOUNT, TOKYO).services["tokyo-api"]
    _deploy(tokyo, now - 11 * DAY, {"api": _container(_ecr(TOKYO, "tokyo/api", "1.3.0"))})


def _store(service: Service, label: str, at: float, count: int) -> None:
    """Images pushed to the service itself."""
    for number in range(count, 0, -1):
        name = f":{service.name}.{label}.{number}"
        digest = f"sha256:{ids.digest('stored image', name).hex()}"
        service.images.append({"image": name, "digest": digest, "createdAt": round(at - number * 3_600, 3)})


def _plant_other_account(world: World, now: float) -> None:
    service = add_service(world, ServicePlan("staging-web", MAIN, "nano", 1, 60, role=False), OTHER_ACCOUNT, now)
    _deploy(service, now - 55 * DAY, {"web": _container("public.ecr.aws/nginx/nginx:1.27", "80")})
    for number, name in enumerate(("staging/jobs", "staging/web")):
        _add_repository(world, RepositoryPlan(name, MAIN, ("0.1.0", "0.2.0 latest"), 90), OTHER_ACCOUNT, now, number)
