"""What surrounds a page: the signed-in person and account, a service's heading and tabs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fastapi import Request

from app.as_code.managed import managed_by
from app.aws.clients import OF_THE_SESSION
from app.aws.ports import ContainerService
from app.bootstrap import Services
from app.console.findings import count_open
from app.console.freshness import Freshness, freshness
from app.console.identity import is_sandbox
from app.errors import Problem
from app.inventory import queries, sync_state
from app.inventory.sync_state import What
from app.wording import Message


@dataclass(frozen=True)
class Shell:
    """What surrounds every page.

    `auth` is the setting ("local", "oidc", "none"); `person` is who is signed in, "" for no one. `account` and
    `caller` are the AWS caller identity, "" while unknown. `sandbox`: AWS is the local sandbox. `problem` is what keeps
    every region from being read. `findings` counts the open errors and warnings. `version` is what
    the page asks for changes since, "" where nothing is to be asked; `now` in seconds since 1970.
    """

    auth: str = "local"
    person: str = ""
    account: str = ""
    caller: str = ""
    sandbox: bool = False
    problem: Problem | None = None
    findings: int = 0
    version: str = ""
    now: float = 0


class Tab(StrEnum):
    """The tabs of a service, by the last part of their URL; the overview has none."""

    OVERVIEW = ""
    DEPLOYMENTS = "deployments"
    IMAGES = "images"
    HISTORY = "history"


@dataclass(frozen=True)
class ServiceFrame:
    """The heading of each tab. `service` is None before AWS has returned it; `problem` says why, if AWS refused."""

    region: str
    name: str
    tab: Tab
    freshness: Freshness
    service: ContainerService | None = None
    problem: Problem | None = None

    @property
    def managed(self) -> Message | None:
        """The warning that a tool manages the service; shown where it is changed: its role, access or deployment."""
        can_change = self.tab is not Tab.HISTORY
        return managed_by(self.service.tags) if self.service and can_change else None


def shell(request: Request) -> Shell:
    """Return what surrounds every page. The sign-in page shows nothing about the account."""
    services: Services = request.app.state.services
    person = getattr(request.state, "person", "")
    # The page that says that the database is unavailable must not wait for it.
    may_ask = bool(person) and not services.db.outage.is_on
    aws_caller = queries.find_caller(services.db, services.connection) if may_ask else None
    caller = aws_caller[0] if aws_caller else None
    return Shell(
        auth=services.settings.auth,
        person=person,
        account=caller.account if caller else "",
        caller=caller.arn if caller else "",
        sandbox=is_sandbox(services),
        problem=_of_the_connection(services) if may_ask else None,
        findings=count_open(services, services.clock.now()) if may_ask else 0,
        version=getattr(request.state, "version", "") if may_ask else "",
        now=services.clock.now().timestamp(),
    )


def _of_the_connection(services: Services) -> Problem | None:
    """Return why no region can be read: the credentials or the AWS settings of this machine."""
    reads = [read for read in sync_state.readings(services.db, services.connection) if read.region in services.regions]
    return next((read.problem for read in reads if read.problem and read.problem.code in OF_THE_SESSION), None)


def service_frame(services: Services, region: str, name: str, tab: Tab, now: datetime) -> ServiceFrame:
    """Return a service's heading, and request a new read if that is due."""
    services.scanner.request(region, What.SERVICES)
    read = sync_state.find_reading(services.db, services.connection, region, What.SERVICES)
    service = queries.last_seen(services.db, services.service_key(region, name))
    problem = read.problem
    if problem is None and service is None and read.succeeded_at is not None:
        problem = Problem("service.not_found", service=name, region=region)
    return ServiceFrame(
        region=region,
        name=name,
        tab=tab,
        freshness=freshness(read, now),
        service=service,
        problem=problem,
    )
