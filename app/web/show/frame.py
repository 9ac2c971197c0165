"""Fills what stands around a page: who AWS takes us for, a service's head, how old what is shown is."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request

from app.aws.clients import OF_THE_SESSION
from app.bootstrap import Services
from app.console.freshness import freshness
from app.console.identity import LOOPBACK, endpoint
from app.errors import Problem
from app.inventory import queries, sync_state
from app.inventory.sync_state import What
from app.web.pages import Shell
from app.web.pages_service import ServiceFrame, Tab


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


def _of_the_connection(services: Services) -> Problem | None:
    """What keeps every region from being read: the credentials or the AWS settings of this machine."""
    reads = [read for read in sync_state.readings(services.db, services.connection) if read.region in services.regions]
    return next((read.problem for read in reads if read.problem and read.problem.code in OF_THE_SESSION), None)


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
