"""Amazon Lightsail's container services, as the API returns them. Independent of the wire protocol."""

from __future__ import annotations

from typing import Any

from app.sandbox import ids
from app.sandbox.call import Call
from app.sandbox.container_log import log_page
from app.sandbox.deployment_checks import check_deployment
from app.sandbox.deployments import begin_deployment
from app.sandbox.lightsail_errors import busy, invalid, not_found, region_setup
from app.sandbox.service_state import SETTLED, describe, describe_deployment, is_gone, state_of
from app.sandbox.state import Puller, Service, Transition, World

Answer = dict[str, Any]
POWERS = (
    ("nano", 7.0, 0.25, 0.5),
    ("micro", 10.0, 0.25, 1.0),
    ("small", 15.0, 0.5, 1.0),
    ("medium", 40.0, 1.0, 2.0),
    ("large", 80.0, 2.0, 4.0),
    ("xlarge", 160.0, 4.0, 8.0),
)
MOST_SERVICES = 100
MOST_DOMAINS = 4
MOST_TAGS = 50
LONGEST_TAG = 128


def services_here(world: World, call: Call) -> dict[str, Service]:
    """Return the caller's services in the region; drops deleted ones."""
    if call.region in world.options.setup_regions:
        raise region_setup(call.region)
    services = world.home(call.account, call.region).services
    for name in [name for name, service in services.items() if is_gone(service, call.at)]:
        del services[name]
    return services


def find_service(world: World, call: Call) -> Service:
    name = call.params["serviceName"]
    service = services_here(world, call).get(name)
    if service is None:
        raise not_found(name)
    return service


def get_container_services(world: World, call: Call) -> Answer:
    name = call.params.get("serviceName")
    services = [find_service(world, call)] if name else services_here(world, call).values()
    return {"containerServices": [describe(service, call.at) for service in services]}


def create_container_service(world: World, call: Call) -> Answer:
    params = call.params
    name, services = params["serviceName"], services_here(world, call)
    if name in services:
        raise invalid(f"A container service with the name {name} already exists.")
    if len(services) >= MOST_SERVICES:
        raise invalid(f"You have reached the limit of {MOST_SERVICES} container services in {call.region}.")
    _check_tags(params.get("tags") or [])
    _check_domains(params.get("publicDomainNames") or {}, {})
    ready = call.at + world.options.activation_seconds
    service = Service(
        name,
        call.account,
        call.region,
        id=ids.uuid_of("service", call.account, call.region, name, call.at),
        created_at=round(call.at, 3),
        power=params["power"],
        scale=params["scale"],
        role_arn=ids.service_role_arn(call.account, call.region, name, call.at),
        tags=params.get("tags") or [],
        domains=params.get("publicDomainNames") or {},
        transition=Transition("PENDING", ready),
    )
    deployment = params.get("deployment") or {}
    if deployment:
        check_deployment(service, deployment.get("containers") or {}, deployment.get("publicEndpoint"))
    services[name] = service
    world.principals.born(service.role_arn, call.at)
    _switch_puller(world, call, service, _wanted_activity(params))
    if deployment:
        begin_deployment(world, service, deployment, call.at, ready)
    return {"containerService": describe(service, call.at)}


def _wanted_activity(params: dict[str, Any]) -> bool | None:
    role = (params.get("privateRegistryAccess") or {}).get("ecrImagePullerRole") or {}
    return role.get("isActive")


def _check_tags(tags: list[dict[str, str]]) -> None:
    """Check Lightsail's limits on tags; the messages are [inferred]."""
    if len(tags) > MOST_TAGS:
        raise invalid(f"A resource can have at most {MOST_TAGS} tags.")
    for key in (tag.get("key") or "" for tag in tags):
        if not key or len(key) > LONGEST_TAG or key.lower().startswith("aws:"):
            raise invalid(f'The tag key "{key}" is invalid.')


def _check_domains(domains: dict[str, list[str]], existing: dict[str, list[str]]) -> None:
    """Check domains: they need certificates, of which the sandbox has only those that a service has already."""
    missing = sorted(set(domains) - set(existing))
    if missing:
        raise invalid(f"The specified certificates do not exist: {', '.join(missing)}")
    if sum(map(len, domains.values())) > MOST_DOMAINS:
        raise invalid(f"A container service can have at most {MOST_DOMAINS} public domain names.")


def update_container_service(world: World, call: Call) -> Answer:
    service, params = find_service(world, call), call.params
    _check_settled(service, call.at, "updated")
    _check_domains(params.get("publicDomainNames") or {}, service.domains)
    service.power = params.get("power") or service.power
    service.scale = params.get("scale") or service.scale
    if params.get("isDisabled") is not None:
        service.is_disabled = params["isDisabled"]
    if params.get("publicDomainNames") is not None:
        service.domains = params["publicDomainNames"]
    service.transition = Transition("UPDATING", call.at + world.options.activation_seconds)
    _switch_puller(world, call, service, _wanted_activity(params))
    return {"containerService": describe(service, call.at)}


def _check_settled(service: Service, now: float, what: str) -> None:
    state = state_of(service, now)
    if state not in SETTLED:
        raise busy(state, what)


def _switch_puller(world: World, call: Call, service: Service, active: bool | None) -> None:
    """Give the service a new image puller role or delete the current one; do nothing if it is as `active`."""
    is_active = bool(service.puller and service.puller.is_active)
    if active is None or active == is_active:
        return
    if service.puller and service.puller.arn:
        world.principals.dies(service.puller.arn, call.at)
    if not active:
        service.puller = Puller()
        return
    service.roles_made += 1
    arn = ids.puller_role_arn(service.account, service.region, service.name, f"{service.id} {service.roles_made}")
    shown_from = call.at + world.options.activation_seconds + world.options.arn_lag_seconds
    service.puller = Puller(is_active=True, arn=arn, shown_from=shown_from)
    world.principals.born(arn, shown_from + world.options.principal_seconds)


def delete_container_service(world: World, call: Call) -> Answer:
    service = find_service(world, call)
    _check_settled(service, call.at, "deleted")
    gone = call.at + world.options.activation_seconds
    service.transition = Transition("DELETING", gone)
    for arn in (service.role_arn, service.puller.arn if service.puller else ""):
        if arn:
            world.principals.dies(arn, gone)
    return {}


def create_container_service_deployment(world: World, call: Call) -> Answer:
    service = find_service(world, call)
    state = state_of(service, call.at)
    if state == "DEPLOYING":
        raise invalid(
            f'Sorry, deployment {service.deployments[-1].version} is in progress for service "{service.name}". '
            "Please wait for it to complete before trying again."
        )
    if state == "DISABLED":
        raise invalid(f'The specified service is disabled ("{service.name}") and cannot be deployed to.')
    _check_settled(service, call.at, "deployed to")
    begin_deployment(world, service, call.params, call.at, call.at)
    return {"containerService": describe(service, call.at)}


def get_container_service_deployments(world: World, call: Call) -> Answer:
    service = find_service(world, call)
    newest_first = reversed(service.deployments)
    return {"deployments": [describe_deployment(service, each, call.at) for each in newest_first]}


def get_container_images(world: World, call: Call) -> Answer:
    return {"containerImages": find_service(world, call).images}


def get_container_service_powers(world: World, call: Call) -> Answer:  # noqa: ARG001  (the signature of every operation)
    return {
        "powers": [
            {
                "powerId": f"{name}-1",
                "price": price,
                "cpuCount": cpus,
                "ramSizeInGb": ram,
                "name": name,
                "isActive": True,
            }
            for name, price, cpus, ram in POWERS
        ]
    }


def get_container_log(world: World, call: Call) -> Answer:
    return log_page(find_service(world, call), call.params, call.at)
