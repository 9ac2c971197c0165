"""The search page, and the palette's options, in every state."""

from __future__ import annotations

from dataclasses import replace

from app.web import links
from app.web.views.base import View
from app.web.views.search import Line, SearchPage, Section
from tests.web.example_parts import OPERATION_ID, Parts


def search_examples(parts: Parts) -> dict[str, View]:
    """Pages by name."""
    service, repository, region = parts.service_name, parts.repository, "us-east-1"
    arn = f"arn:aws:iam::123456789012:role/amazon/lightsail/{region}/containers/{service}/private-repo-access/4ebema4x"
    more = Line("All 12 repositories", links.search(service, kind="repositories"))
    sections = (
        Section("services", "Container services", (Line(service, links.service(region, service), region, "Running"),)),
        Section(
            "repositories", "Repositories", (Line(repository, links.repository(region, repository), region),), more
        ),
        Section(
            "actions", "Actions", (Line(f"Add repository to {service}", links.repositories(region, service, "new")),)
        ),
        Section("principals", "Principals", (Line(arn, links.who_can_pull(arn), "Who can pull?"),)),
        Section(
            "operations",
            "Operations",
            (
                Line(f"Add: {repository}", links.operation(OPERATION_ID), f"{service} ({region})", "Failed", "error"),
                Line("Change many repositories", links.batch(OPERATION_ID), service, "Running", "progress"),
            ),
        ),
    )
    found = SearchPage(service, sections, whole_history=False)
    first = SearchPage("", (Section("pages", "Pages", (Line("Findings", links.FINDINGS),)),))
    return {
        "search": found,
        "search-first": first,
        "search-none": SearchPage(repository, (), unread=(region, "eu-west-1")),
        "search-kind": replace(found, sections=sections[1:2], kind="repositories", whole_history=True),
    }
