"""The search page, and the palette's options, in every state."""

from __future__ import annotations

from dataclasses import replace

from app.web import links
from app.web.views.base import View
from app.web.views.search import WHO_CAN_PULL, ResultLine, SearchPage, Section
from app.wording import Message
from tests.web.example_parts import OPERATION_ID, Parts


def search_examples(parts: Parts) -> dict[str, View]:
    """Pages by name."""
    service, repository, region = parts.service_name, parts.repository, "us-east-1"
    arn = f"arn:aws:iam::123456789012:role/amazon/lightsail/{region}/containers/{service}/private-repo-access/4ebema4x"
    more = ResultLine(Message("All %(num)s repositories", {"num": 12}), links.search(service, kind="repositories"))
    sections = (
        Section(
            "services",
            Message("Container services"),
            (ResultLine(service, links.service(region, service), region, parts.person),),
        ),
        Section(
            "repositories",
            Message("Repositories"),
            (ResultLine(repository, links.repository(region, repository), region),),
            more,
        ),
        Section(
            "actions",
            Message("Actions"),
            (
                ResultLine(
                    Message("Add repository to %(service)s", {"service": service}),
                    links.repositories(region, service, "new"),
                ),
            ),
        ),
        Section("principals", Message("Principals"), (ResultLine(arn, links.who_can_pull(arn), WHO_CAN_PULL),)),
        Section(
            "operations",
            Message("Operations"),
            (
                ResultLine(repository, links.operation(OPERATION_ID), f"{service} ({region})", parts.person, "error"),
                ResultLine(service, links.batch(OPERATION_ID), service, parts.person, "progress"),
            ),
        ),
    )
    found = SearchPage(service, sections, whole_history=False, repository=repository)
    first = SearchPage("", (Section("pages", Message("Pages"), (ResultLine(Message("Findings"), links.FINDINGS),)),))
    return {
        "search": found,
        "search-first": first,
        "search-none": SearchPage(repository, (), unread=(region, "eu-west-1")),
        "search-kind": replace(found, sections=sections[1:2], kind="repositories", whole_history=True),
    }
