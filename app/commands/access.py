"""`sailpass grant` and `sailpass revoke`: the same operations and batches that the browser starts."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from app.client.api import Api, Json, ServiceRef
from app.client.find import find_service, find_service_named_by
from app.commands.batch import read_names, request_of, run_batch
from app.commands.options import (
    FORMATS,
    Command,
    json_option,
    not_empty,
    previewed_option,
    region_option,
    served,
    server_options,
    service_argument,
    show_json,
    told,
)
from app.commands.terminal import plain
from app.commands.watch import Following, follow

_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    service_argument,
    click.argument("repositories", nargs=-1, metavar="REPOSITORY...", callback=not_empty),
    click.option("--match", default="", metavar="PATTERN", help="Repositories whose name matches; * matches any text."),
    click.option(
        "--file",
        "names",
        metavar="FILE",
        help="Read repositories from FILE, one per line; - is standard input.",
    ),
    region_option,
    click.option(
        "--wait/--no-wait", default=True, help="Show progress until it ends (default), or print its ID and exit."
    ),
    click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait at most this long."),
    click.option("--preview", is_flag=True, help="Show the policy change and the AWS calls; change nothing."),
    previewed_option,
    json_option,
    server_options,
)


def _options(command: Command) -> Command:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@_options
@click.option(
    "--as",
    "form",
    type=click.Choice(FORMATS),
    help="Print the access as code; change nothing. Without REPOSITORY: the service with all its access.",
)
def grant(*, form: str | None, **asked: Any) -> None:
    """Let SERVICE pull images from each REPOSITORY.

    Activates the service's image puller role if need be, adds one statement to the repository's policy, and verifies
    that the service can pull. The policy's other statements aren't changed.

    Exit status: 0 done, or nothing to do; 1 failed; 2 wrong usage; 3 cancelled; 4 still running; 5 no server, or no
    permission to use it; 6 interrupted, because a backup was restored meanwhile; 8 some repositories done, others not.
    """
    if form:
        _print_code(form, **asked)
    else:
        _run("grant", **asked)


@click.command()
@_options
def revoke(**asked: Any) -> None:
    """Remove SERVICE's access to each REPOSITORY.

    Removes the service from each repository's policy wherever it is named; nothing else in the policy changes. SERVICE
    may be deleted already, as long as the policy names it. Exit status: as for grant.
    """
    _run("revoke", **asked)


def _run(
    kind: str,
    *,
    service: str,
    repositories: tuple[str, ...],
    match: str,
    names: str | None,
    region: str,
    wait: bool,
    timeout: float | None,
    preview: bool,
    previewed: str | None,
    as_json: bool,
    **server: Any,
) -> None:
    named = [*repositories, *(read_names(names) if names else ())]
    if bool(named) == bool(match):
        raise click.UsageError(_what_is_named_wrongly(match, names))
    is_batch = bool(match) or names is not None or len(named) > 1
    if is_batch and previewed:
        raise click.UsageError("--previewed is for one REPOSITORY.")
    with told(as_json=as_json), served(**server, works=not preview) as api:
        how = Following(wait, timeout, as_json)
        if is_batch:
            service_ref = _service_of_many(api, kind, service, region)
            status = run_batch(api, request_of(kind, [service_ref], named, match), how, preview=preview)
            sys.exit(status)
        repository = named[0]
        service_ref = _service_of(api, kind, service, repository, region)
        if preview:
            _show(api.preview(service_ref, kind, repository), as_json=as_json)
            return
        operation = _start(api, kind, service_ref, repository, previewed)
        status = follow(api, operation, how)
    sys.exit(status)


def _what_is_named_wrongly(match: str, file: str | None) -> str:
    if match:
        return "--match excludes REPOSITORY and --file."
    return f"“{file}” names no repository." if file else "Name at least one REPOSITORY, or give --match or --file."


def _print_code(
    form: str,
    *,
    service: str,
    repositories: tuple[str, ...],
    match: str,
    names: str | None,
    region: str,
    preview: bool,
    previewed: str | None,
    as_json: bool,
    url: str,
    data_dir: Path | None,
    insecure_http: bool,
    **_: Any,
) -> None:
    if preview or previewed:
        raise click.UsageError("--as prints code; leave out --preview and --previewed.")
    named = [*repositories, *(read_names(names) if names else ())]
    if named and match:
        raise click.UsageError("Name repositories, or give --match.")
    with told(as_json=as_json), served(url, data_dir, works=False, insecure_http=insecure_http) as api:
        service_ref = _service_of(api, "grant", service, "", region)
        code = _code(api, service_ref, form, named, match)
    if as_json:
        show_json(code)
        return
    click.echo("\n".join(plain(line) for line in code["text"].split("\n")), nl=False)
    for note in ([code["managed"]] if code["managed"] else []) + code["notes"]:
        click.echo(plain(f"Note: {note}"), err=True)
    for each in code.get("left_out", ()):
        click.echo(plain(f"Left out: {each['repository']}: {each['message'] or 'not read yet'}"), err=True)


def _code(api: Api, service_ref: ServiceRef, form: str, named: list[str], match: str) -> Json:
    """Return the access as code: to one repository, to many, or all that the service has."""
    if len(named) == 1 and not match:
        return api.as_code(service_ref, named[0], form)
    api.transport.read((service_ref.region,), policies=True)
    if named or match:
        what: Json = {"match": match} if match else {"repositories": list(dict.fromkeys(named))}
        return api.many_as_code(service_ref, {"form": form, **what})
    return api.service_as_code(service_ref, form)


def _service_of_many(api: Api, kind: str, service: str, region: str) -> ServiceRef:
    if kind == "revoke" and region:
        return ServiceRef(region, service)  # it may be deleted
    return ServiceRef.of(find_service(api, service, region))


def _service_of(api: Api, kind: str, service: str, repository: str, region: str) -> ServiceRef:
    if kind == "revoke":
        return ServiceRef.of(find_service_named_by(api, repository, service, region))
    return ServiceRef.of(find_service(api, service, region))


def _start(api: Api, kind: str, service_ref: ServiceRef, repository: str, previewed: str | None) -> Json:
    if kind == "grant":
        return api.grant(service_ref, repository, previewed)
    return api.revoke(service_ref, repository, previewed)


def _show(shown: Json, *, as_json: bool) -> None:
    if as_json:
        show_json(shown)
        return
    colours = {"+": "green", "-": "red"}
    if not shown["needed"]:
        click.echo(plain(f"The policy of {shown['repository']} would not change."))
    for line in shown["diff"]:
        click.echo(click.style(plain(line), fg=colours.get(line[0])))
    if refused := shown.get("refused"):  # an older server knows none
        click.echo(plain(f"{refused['message']} {refused['what_to_do']}"), err=True)
    if shown.get("managed"):  # as above
        click.echo(plain(f"Note: {shown['managed']}"), err=True)
    click.echo("AWS calls:")
    for call in shown["calls"]:
        click.echo(plain(f"  {call['action']}  {call['on']}"))
    if shown["needed"]:
        click.echo(plain(f"To do exactly this: add --previewed '{shown['previewed']}'"))
