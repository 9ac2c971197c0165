"""`sailpass grant` and `sailpass revoke`: the same operations that the browser starts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from app.client.api import Api, Json, ServiceRef
from app.client.find import find_service, find_service_named_by
from app.commands.options import Command, json_option, region_option, served, server_options, show_json, told
from app.commands.terminal import plain
from app.commands.watch import Following, follow

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.argument("service"),
    click.argument("repository"),
    region_option,
    click.option("--wait/--no-wait", default=True, help="Show it until it ends (default), or print its id and go."),
    click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait no longer than this."),
    click.option("--preview", is_flag=True, help="Show the change of the policy and the AWS calls, and do nothing."),
    click.option("--previewed", metavar="CODE", help="Do what that preview showed, or nothing."),
    json_option,
    server_options,
)


def _options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_options
def grant(**asked: Any) -> None:
    r"""Let SERVICE pull images from REPOSITORY.

    Activates the service's image puller role if need be, adds one statement to the repository's policy, and verifies
    that the service may pull. Whatever else the policy holds stays as it is.

    \b
    Exit status: 0 done, or nothing to do; 1 failed; 2 wrong usage; 3 cancelled;
    4 still running; 5 no server, or it lets nobody in; 6 interrupted: a backup was restored meanwhile.
    """
    _run("grant", **asked)


@click.command()
@_options
def revoke(**asked: Any) -> None:
    """Take from SERVICE the right to pull images from REPOSITORY.

    Takes the service out of the repository's policy wherever it is named; everything else stays as it is. SERVICE may
    be deleted already, as long as the policy names it. The exit status is that of grant.
    """
    _run("revoke", **asked)


def _run(
    kind: str,
    *,
    service: str,
    repository: str,
    region: str,
    wait: bool,
    timeout: float | None,
    preview: bool,
    previewed: str | None,
    as_json: bool,
    **server: Any,
) -> None:
    with told(as_json=as_json), served(**server, works=not preview) as api:
        target = _place(api, kind, service, repository, region)
        if preview:
            _show(api.preview(target, kind, repository), as_json=as_json)
            return
        operation = _start(api, kind, target, repository, previewed)
        status = follow(api, operation, Following(wait, timeout, as_json))
    sys.exit(status)


def _place(api: Api, kind: str, service: str, repository: str, region: str) -> ServiceRef:
    if kind == "revoke":
        known = find_service_named_by(api, repository, service, region)
    else:
        known = find_service(api, service, region)
    return ServiceRef(known["region"], known["name"])


def _start(api: Api, kind: str, place: ServiceRef, repository: str, previewed: str | None) -> Json:
    if kind == "grant":
        return api.grant(place, repository, previewed)
    return api.revoke(place, repository, previewed)


def _show(shown: Json, *, as_json: bool) -> None:
    if as_json:
        show_json(shown)
        return
    colours = {"+": "green", "-": "red"}
    if not shown["needed"]:
        click.echo(plain(f"The policy of {shown['repository']} stays as it is."))
    for line in shown["diff"]:
        click.echo(click.style(plain(line), fg=colours.get(line[0])))
    click.echo("AWS calls:")
    for call in shown["calls"]:
        click.echo(plain(f"  {call['action']}  {call['on']}"))
    if shown["needed"]:
        click.echo(plain(f"To do exactly this: add --previewed '{shown['previewed']}'"))
