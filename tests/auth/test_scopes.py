"""What tokens may do: by an explicit table, and by walking every route of the console."""

from __future__ import annotations

import re

import pytest

from app.api.docs import document
from app.auth.scopes import Scope, permits

SERVICE = "/api/v1/services/us-east-1/web"
OPERATION = "/api/v1/operations/0b7f0a5e-5d3f-4a3e-9a52-6a5d1b7c9e10"
METRICS, READ, CHANGE = Scope
ALL = {METRICS, READ, CHANGE}


@pytest.mark.parametrize(
    "method, path, scopes",
    [
        ("GET", "/metrics", ALL),
        ("GET", "/api/v1/services", {READ, CHANGE}),
        ("HEAD", "/api/v1/services", {READ, CHANGE}),
        ("OPTIONS", "/api/v1/services", {READ, CHANGE}),
        ("GET", "/api/openapi.json", {READ, CHANGE}),
        ("POST", f"{SERVICE}/preview", {READ, CHANGE}),
        ("POST", f"{OPERATION}/preview", {READ, CHANGE}),
        ("POST", f"{SERVICE}/why", {READ, CHANGE}),
        ("POST", f"{SERVICE}/deployments/preview", {READ, CHANGE}),
        ("POST", f"{SERVICE}/deployments", {CHANGE}),
        ("POST", "/api/v1/permissions/check", {READ, CHANGE}),
        ("POST", f"{SERVICE}/grants", {CHANGE}),
        ("DELETE", f"{SERVICE}/grants", {CHANGE}),
        ("PUT", f"{SERVICE}/grants", {CHANGE}),
        ("DELETE", "/api/v1/sessions/0123456789ab", {CHANGE}),
        # What nobody foresaw is refused.
        ("POST", "/metrics", set()),
        ("GET", "/containers", set()),
        ("POST", "/sign-ins/tokens/revoke", set()),
        ("GET", "/metricsx", set()),
        ("GET", "/apix", set()),
        ("TRACE", "/api/v1/services", set()),
        ("get", "/api/v1/services", set()),
        ("DELETE", f"{SERVICE}/preview", {CHANGE}),
        ("POST", f"{SERVICE}/grants/preview", {CHANGE}),
        ("POST", f"{SERVICE}/preview/", {CHANGE}),
        ("POST", f"{SERVICE}/preview\n", {CHANGE}),
    ],
)
def test_a_scope_permits_what_the_table_says(method, path, scopes):
    assert {scope for scope in Scope if permits(scope, method, path)} == scopes


def test_no_scope_permits_nothing():
    assert not permits(None, "GET", "/metrics")


# Every route of the API that changes something; a new one fails here until it is listed.
CHANGES = {
    "POST /services/{region}/{name}/grants",
    "DELETE /services/{region}/{name}/grants",
    "POST /services/{region}/{name}/grants/repair",
    "POST /services/{region}/{name}/deployments",
    "POST /services/{region}/{name}/policy/prune",
    "POST /services/{region}/{name}/role/activate",
    "POST /services/{region}/{name}/role/deactivate",
    "POST /operations/{operation_id}/retry",
    "POST /operations/{operation_id}/cancel",
    "POST /operations/{operation_id}/undo",
    "POST /operations/{operation_id}/restore",
    "POST /batches",
    "POST /batches/{batch_id}/retry",
    "POST /batches/{batch_id}/cancel",
    "POST /batches/{batch_id}/undo",
    "POST /findings/repair",
    "POST /findings/{finding_id}/dismiss",
    "POST /findings/{finding_id}/restore",
    "POST /repositories/prune",
    "DELETE /sessions/{session_id}",
}
ROUTES = [
    f"{method.upper()} {path.removeprefix('/api/v1')}"
    for path, methods in document()["paths"].items()
    for method in methods
]


def test_the_routes_that_change_something_are_all_known():
    reads = {route for route in ROUTES if permits(READ, *as_sent(route))}
    assert set(ROUTES) - reads == CHANGES
    assert all(
        route.startswith("GET ") or route.endswith(("/preview", "/check", "/why", "/as-code", "/platform"))
        for route in reads
    )


@pytest.mark.parametrize("route", ROUTES)
def test_metrics_alone_reaches_no_route_of_the_api(route):
    assert not permits(METRICS, *as_sent(route))
    assert permits(CHANGE, *as_sent(route))


def as_sent(route: str) -> tuple[str, str]:
    method, _, path = route.partition(" ")
    return method, "/api/v1" + re.sub(r"\{\w+\}", "x", path)
