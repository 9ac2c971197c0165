"""`sailpass who-can-pull`: the principals that a repository's policy lets pull, or keeps from it."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import click

from app.client.api import Api, Json, RequestRefused, ServiceRef
from app.client.find import ELSEWHERE, list_services
from app.commands.options import json_option, not_empty, region_option_of, served, server_options, show_json, told
from app.commands.terminal import plain, show_table
from app.errors import Problem

YES_OR_NO = {True: "yes", False: "no", None: "depends"}


@click.command("who-can-pull")
@click.argument("repository", callback=not_empty)
@region_option_of("The repository's Region, if the name isn't unique.")
@json_option
@server_options
def who_can_pull(*, repository: str, region: str, as_json: bool, **server: Any) -> None:
    """Show who can pull images from REPOSITORY.

    It goes by the repository's policy and the registry policy as AWS has them now.
    """
    with told(as_json=as_json), served(**server, works=False) as api:
        where, policy = _find(api, repository, region)
    if as_json:
        show_json({"region": where, **policy})
        return
    click.echo(plain(f"{policy['repository']} in {where}"))
    if policy["problem"]:
        click.echo(plain(f"sailpass: {policy['problem']['message']}"), err=True)
    readers = policy["readers"]
    if not readers:
        click.echo(_said_of_none(policy))
        return
    rows = [(reader["who"], reader["value"], YES_OR_NO[reader["allowed"]], reader["how"]) for reader in readers]
    show_table(("WHO", "PRINCIPAL", "CAN PULL", "REASON"), rows)


def _said_of_none(policy: Json) -> str:
    if policy["readers"] is not None:
        return "The policy names no principals."
    if policy["read_at"]:
        return "The policy isn't valid, so who can pull isn't known."
    return "The policy has not been read yet."


def _find(api: Api, repository: str, region: str) -> tuple[str, Json]:
    """Return the region that has the repository, and its policy as seen for some service there."""
    services = _service_by_region(api, repository, region)
    by_name = {}
    for each, name in services.items():
        api.transport.read((each,), policies=True)
        try:
            policy = api.policy(ServiceRef(each, name), repository)
        except RequestRefused as refused:
            if refused.code not in ELSEWHERE or len(services) == 1:
                raise
            continue
        if not _is_missing(policy):
            by_name[each] = policy
    if not by_name:
        raise Problem("repository.not_found", repository=repository, region=", ".join(services))
    if len(by_name) > 1:
        raise Problem("repository.ambiguous", repository=repository, regions=", ".join(by_name))
    return next(iter(by_name.items()))


def _service_by_region(api: Api, repository: str, region: str) -> dict[str, str]:
    """Return a service of the Region that is named, or of each that has one.

    Raises:
        Problem: `region.not_configured`, `repository.no_service`.
        RequestRefused: no service is known, because a Region could not be read.
    """
    api.transport.read((region,) if region else (), policies=False)
    listed = list_services(api)
    regions = [each for each in listed["regions"] if region in ("", each["region"])]
    if not regions:
        raise Problem("region.not_configured", region=region, regions=_names(listed["regions"]))
    services = {each["region"]: each["name"] for each in listed["services"] if region in ("", each["region"])}
    if not services:
        if problems := [each["problem"] for each in regions if each["problem"]]:
            raise RequestRefused(HTTPStatus.BAD_GATEWAY, problems[0])
        raise Problem("repository.no_service", repository=repository, regions=_names(regions))
    return services


def _names(regions: Iterable[Json]) -> str:
    return ", ".join(each["region"] for each in regions)


def _is_missing(policy: Json) -> bool:
    return bool(policy["problem"]) and policy["problem"]["code"] == "repository.not_found"
