"""`sailpass status` and `sailpass history`: the current state, and what happened. They change nothing."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from app.client.api import Api, Json, ServiceRef
from app.client.exit_codes import Exit
from app.client.find import find_service, list_services
from app.commands.options import (
    OPERATION_ID,
    json_option,
    region_option,
    region_option_of,
    served,
    server_options,
    show_json,
    told,
)
from app.commands.terminal import plain, say, show_table
from app.commands.watch import Following, follow
from app.errors import Problem
from app.operations.state import Kind, Outcome


class Moment(click.ParamType[str]):
    """A time as a person writes it. One without a zone is of this machine's, as the list shows times."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the time with its zone. Fails for what is no time."""
        try:
            return datetime.fromisoformat(value).astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            self.fail(f"“{value}” isn't a time. Write 2026-01-31, 2026-01-31T18:00 or 2026-01-31T18:00Z.", param, ctx)


@click.command()
@click.argument("what", default="", metavar="[SERVICE|OPERATION]")
@region_option
@click.option("--wait", is_flag=True, help="With OPERATION: show progress until it ends.")
@json_option
@server_options
def status(what: str, *, region: str, wait: bool, as_json: bool, **server: Any) -> None:
    """Show all services and running operations, one SERVICE with its repositories, or one OPERATION.

    Exit status: 0; 1 if no Region can be read; with OPERATION, as for grant.
    """
    is_operation = bool(OPERATION_ID.fullmatch(what.lower()))
    if wait and not is_operation:
        raise click.UsageError("--wait is for an OPERATION.")
    ended = Exit.DONE
    with told(as_json=as_json), served(**server, works=is_operation and wait, needs_region=not is_operation) as api:
        if is_operation:
            ended = follow(api, api.operation(what.lower()), Following(seconds=None if wait else 0, as_json=as_json))
        elif what:
            _service(api, what, region, as_json=as_json)
        else:
            ended = _all(api, region, as_json=as_json)
    sys.exit(ended)


@click.command()
@click.option("--service", help="Part of the service's name.")
@click.option("--repository", help="Part of the repository's name.")
@region_option_of("A Region.", None)
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="What the operation is for.")
@click.option(
    "--outcome", type=click.Choice([*(outcome.value for outcome in Outcome), "running"]), help="How it ended."
)
@click.option("--person", help="Part of the name of the person or token that started it.")
@click.option(
    "--since",
    type=Moment(),
    metavar="TIME",
    help="Started at or after this time: 2026-01-31, or with a time of day; in this machine's time zone, or with a zone.",
)
@click.option("--until", type=Moment(), metavar="TIME", help="Started before this time.")
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="The most to list.")
@json_option
@server_options
def history(*, as_json: bool, url: str, data_dir: Path | None, insecure_http: bool, **filters: Any) -> None:
    """List operations, newest first."""
    server = served(url, data_dir, works=False, insecure_http=insecure_http, needs_region=False)
    with told(as_json=as_json), server as api:
        answer = api.operations(**filters)
    if as_json:
        show_json(answer)
        return
    show_table(
        ("STARTED", "KIND", "OUTCOME", "SERVICE", "REPOSITORY", "BY", "OPERATION"),
        map(_operation, answer["operations"]),
    )
    if not answer["operations"]:
        say("No operations found.")
    if answer["next"]:
        click.echo("There are older operations. Use a larger --limit or a filter.", err=True)


def _all(api: Api, region: str, *, as_json: bool) -> Exit:
    """Show what there is in one Region or ("") in all: the exit status. Raises Problem `region.not_configured`."""
    api.transport.read((region,) if region else (), policies=False)
    listed, live = list_services(api), api.operations(outcome="running", region=region or None)
    regions = [read["region"] for read in listed["regions"]]
    if region and region not in regions:
        raise Problem("region.not_configured", region=region, regions=", ".join(regions))
    chosen = {
        name: [each for each in listed[name] if region in ("", each["region"])] for name in ("services", "regions")
    }
    if as_json:
        show_json({**listed, **chosen, "operations": live["operations"]})
    else:
        _show_all(chosen, live)
    is_read = any(read["read_at"] or not read["problem"] for read in chosen["regions"])
    return Exit.DONE if is_read else Exit.FAILED


def _show_all(listed: Json, live: Json) -> None:
    show_table(("SERVICE", "REGION", "STATE", "ROLE", "CAN PULL FROM"), map(_row, listed["services"]))
    if not listed["services"] and all(read["read_at"] for read in listed["regions"]):
        say(f"No container services in {', '.join(read['region'] for read in listed['regions'])}.")
    for read in listed["regions"]:
        if read["problem"]:
            problem = read["problem"]
            click.echo(plain(f"{read['region']}: {problem['message']} {problem['what_to_do']}"), err=True)
        elif not read["read_at"]:
            click.echo(plain(f"{read['region']}: not read yet; try again in a moment."), err=True)
    for operation in live["operations"]:
        click.echo(plain(f"{operation['title']} in {operation['region']}: operation {operation['id']}"))


def _service(api: Api, name: str, region: str, *, as_json: bool) -> None:
    service = find_service(api, name, region)
    api.transport.read((service["region"],), policies=True)
    answer = api.repositories(ServiceRef.of(service))
    if as_json:
        show_json({"service": service, **answer})
        return
    click.echo(plain(f"{service['name']} in {service['region']}: {service['state']}"))
    click.echo(plain(f"Image puller role: {answer['role']['state']} {answer['role']['principal_arn']}".rstrip()))
    show_table(
        ("REPOSITORY", "ACCESS", "WHY"),
        ((each["name"], each["access"], each["reason"]) for each in answer["repositories"]),
    )
    read = answer["policies"]
    if read["read"] < read["total"]:
        click.echo(f"{read['read']} of {read['total']} repository policies have been read so far.", err=True)
    elif not answer["repositories"]:
        say(f"No repository policy names {service['name']}.")


def _row(service: Json) -> tuple[str, ...]:
    count = service["can_pull"]
    where = "not read yet" if count is None else "1 repository" if count == 1 else f"{count} repositories"
    return service["name"], service["region"], service["state"], service["role"]["state"], where


def _operation(operation: Json) -> tuple[str, ...]:
    asked_at = datetime.fromisoformat(operation["asked_at"]).astimezone().strftime("%Y-%m-%d %H:%M")
    service = f"{operation['service']} ({operation['region']})"
    return (
        asked_at,
        operation["kind"],
        operation["outcome"] or "running",
        service,
        operation["repository"],
        operation["asked_by"],
        operation["id"],
    )
