"""Prometheus metrics of one process: its background tasks and database, and how many findings are open."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.core import CounterMetricFamily
from sqlalchemy.exc import DBAPIError

from app.bootstrap import Services
from app.findings.queries import count_findings
from app.inventory.repositories import STATES, count_repositories
from app.policy.finding import Severity
from app.supervisor import Part


class _Counts:
    """Exports the tasks' own counts as counters."""

    def __init__(self, parts: tuple[Part, ...], clock_jumps: int) -> None:
        self._parts = parts
        self._clock_jumps = clock_jumps

    def collect(self) -> list[CounterMetricFamily]:
        """Return one family for each count."""
        restarts = CounterMetricFamily("sailpass_part_restarts", "Starts of a part after the first", labels=["part"])
        for part in self._parts:
            restarts.add_metric([part.name], part.restarts)
        jumps = CounterMetricFamily("sailpass_clock_jumps", "Times the clock was set, or the machine slept")
        jumps.add_metric([], self._clock_jumps)
        return [restarts, jumps]


def figures_of(services: Services) -> CollectorRegistry:
    """Return a registry with the current values."""
    registry = CollectorRegistry()
    parts = services.supervisor.parts
    overdue = Gauge("sailpass_part_overdue_seconds", "Since a part should have worked", ["part"], registry=registry)
    stuck = Gauge("sailpass_part_stuck", "1: a part has not worked for too long", ["part"], registry=registry)
    for part in parts:
        overdue.labels(part.name).set(max(0.0, part.age))
        stuck.labels(part.name).set(part.is_stuck)
    registry.register(_Counts(parts, services.clock_watch.jumps))
    outage = Gauge("sailpass_database_unusable", "1: the last use of the database failed", registry=registry)
    outage.set(services.db.outage.is_on)
    if not services.db.outage.is_on:
        with suppress(DBAPIError):  # the other figures are wanted most where the database is away
            _count_access(services, registry)
    return registry


def _count_access(services: Services, registry: CollectorRegistry) -> None:
    """Add how many findings are open and repositories are in each state."""
    counts = count_findings(services.db, services.connection, services.clock.now())
    findings = Gauge("sailpass_findings", "Open findings about access", ["severity"], registry=registry)
    for severity in Severity:
        findings.labels(str(severity)).set(counts.by_severity.get(severity, 0))
    dismissed = Gauge("sailpass_findings_dismissed", "Findings that a person dismissed", registry=registry)
    dismissed.set(counts.dismissed)
    by_state = count_repositories(services.db, services.connection).by_state
    repositories = Gauge("sailpass_repositories", "Known private repositories", ["state"], registry=registry)
    for state in STATES:
        repositories.labels(state).set(by_state.get(state, 0))
