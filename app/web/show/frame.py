"""Fills what stands around a page: who AWS takes us for, a service's head, how old what is shown is."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import Request

from app.aws.clients import OF_THE_SESSION
from app.bootstrap import Services
from app.errors import Problem
from app.inventory import queries, sync_state
from app.inventory.sync_state import Reading, What
from app.operations.progress import Progress
from app.operations.read import list_running
from app.web.pages import Freshness, PartFailure, Said, Shell
from app.web.pages_service import ServiceFrame, Tab

# What is shown is called old after this long without a successful reading.
STALE_AFTER = {
    What.SERVICES: timedelta(minutes=3),
    What.REPOSITORIES: timedelta(minutes=20),
    What.POLICIES: timedelta(hours=1),
}
LOOPBACK = ("http://127.0.0.1", "http://localhost", "http://[::1]")


def shell(request: Request) -> Shell:
    """What stands around every page. Strangers, who see the sign-in page, are told nothing of the account."""
    services: Services = request.app.state.services
    person = getattr(request.state, "person", "")
    known = queries.find_caller(services.db, services.connection) if person else None
    caller = known[0] if known else None
    return Shell(
        auth=services.settings.auth,
        person=person,
        account=caller.account if caller else "",
        caller=caller.arn if caller else "",
        sandbox=endpoint(services, "lightsail").startswith(LOOPBACK),
        problem=_of_the_connection(services) if person else None,
    )


def endpoint(services: Services, service: str) -> str:
    """The address that is called in place of AWS's own for a service, "" for none and where the settings cannot be read."""
    try:
        return services.aws.endpoint(service)
    except Problem:
        return ""


def _of_the_connection(services: Services) -> Problem | None:
    """What keeps every region from being read: the credentials or the AWS settings of this machine."""
    reads = [read for read in sync_state.readings(services.db, services.connection) if read.region in services.regions]
    return next((read.problem for read in reads if read.problem and read.problem.code in OF_THE_SESSION), None)


def account(services: Services) -> str:
    """The account that AWS takes us for, else the one that our services are in; "" while neither is known."""
    known = queries.find_caller(services.db, services.connection)
    if known:
        return known[0].account
    told = queries.list_services(services.db, services.connection)
    return told[0].service.account if told else ""


def freshness(read: Reading, now: datetime) -> Freshness:
    """How old one part of a region is."""
    return Freshness(
        now=now,
        read_at=read.succeeded_at,
        reading=read.is_running(now) or read.started_at is None,
        stale=read.succeeded_at is not None and now - read.succeeded_at > STALE_AFTER[read.what],
    )


def together(freshnesses: list[Freshness], now: datetime) -> Freshness:
    """How old a page of several parts is: as old as its oldest part."""
    times = [each.read_at for each in freshnesses]
    known = [time for time in times if time is not None]
    return Freshness(
        now=now,
        read_at=min(known) if known and len(known) == len(times) else None,
        reading=any(each.reading for each in freshnesses),
        stale=any(each.stale for each in freshnesses),
    )


def failure(read: Reading, part: Said | str) -> PartFailure | None:
    """What kept a part from being read at the last try."""
    return PartFailure(part, read.problem, read.succeeded_at) if read.problem else None


def service_frame(services: Services, region: str, name: str, tab: Tab, now: datetime) -> ServiceFrame:
    """A service's head, and a request to read it again if that is due."""
    services.scanner.request(region, What.SERVICES)
    read = sync_state.find_reading(services.db, services.connection, region, What.SERVICES)
    known = queries.find_service(services.db, services.connection, region, name)
    problem = read.problem
    if problem is None and known is None and read.succeeded_at is not None:
        problem = Problem("service.not_found", service=name, region=region)
    return ServiceFrame(
        region=region,
        name=name,
        tab=tab,
        freshness=freshness(read, now),
        service=known.service if known else None,
        problem=problem,
    )


def running(services: Services, region: str = "", service: str = "") -> tuple[Progress, ...]:
    """The live operations of a service, or of all."""
    return list_running(services.db, services.connection, region, service)
