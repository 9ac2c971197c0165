"""`sailpass logs`: what the containers of a deployment wrote, as Lightsail keeps it."""

from __future__ import annotations

from typing import Any

import click

from app.client.api import Api, Json, ServiceRef
from app.client.find import find_service
from app.commands.options import json_option, region_option, served, server_options, service_argument, show_json, told
from app.commands.terminal import plain, say
from app.deployments.log import LogGap

GAPS = {
    LogGap.NO_LINES: "Lightsail has no lines from that time.",
    LogGap.NO_MATCH: "No line contains this text.",
    LogGap.NOT_STARTED: "The container itself wrote nothing: these lines are Lightsail's.",
    LogGap.EXPIRED: "Lightsail keeps logs for 3 days; this version is older.",
    LogGap.PARTLY_EXPIRED: "Lightsail keeps logs for 3 days; older lines are gone.",
}


@click.command()
@service_argument
@region_option
@click.option(
    "--version", type=click.IntRange(1), default=None, metavar="NUMBER", help="The deployment's version (newest)."
)
@click.option("--container", default="", metavar="NAME", help="The container (the public one, or the first).")
@click.option("--text", default="", metavar="TEXT", help="Show only lines that contain this text; case-sensitive.")
@click.option("--minutes", type=click.IntRange(1, 10_000), default=None, help="Show only the last minutes.")
@click.option("--lines", type=click.IntRange(1, 20_000), default=1_000, help="Show at most this many lines (1000).")
@json_option
@server_options
def logs(service: str, *, region: str, lines: int, as_json: bool, **options: Any) -> None:
    """Show the log of a deployment of SERVICE, oldest lines first.

    Read from Lightsail now and kept nowhere. Values of environment variables are replaced by “…”.
    """
    server = {name: options.pop(name) for name in ("url", "data_dir", "insecure_http")}
    part = {name: value for name, value in options.items() if value and name != "version"}
    with told(as_json=as_json), served(**server, works=False) as api:
        service_ref = ServiceRef.of(find_service(api, service, region))
        log = _read(api, service_ref, options["version"] or 0, part, lines)
    if as_json:
        show_json(log)
    else:
        _show(log)


def _read(api: Api, service_ref: ServiceRef, version: int, part: Json, most: int) -> Json:
    """Return the log with at most so many lines, read page by page."""
    log = api.deployment_log(service_ref, version, part)
    while log["next"] and len(log["lines"]) < most:
        more = api.deployment_log(
            service_ref, log["version"], {**part, "container": log["container"], "after": log["next"]}
        )
        log = {**log, "lines": log["lines"] + more["lines"], "next": more["next"]}
    is_whole = not log["next"] and len(log["lines"]) <= most
    return {**log, "lines": log["lines"][:most], "gap": _gap(log, part), "is_whole": is_whole}


def _gap(log: Json, part: Json) -> str:
    """Return what is missing from all pages together, where the first one had no lines yet."""
    if log["gap"] != LogGap.NONE_YET:
        return str(log["gap"])
    if log["lines"]:
        return LogGap.NONE
    return LogGap.NO_MATCH if "text" in part else LogGap.NO_LINES


def _show(log: Json) -> None:
    say(f"Version {log['version']} ({log['state']}), container {log['container']}")
    for line in log["lines"]:
        cut = " […]" if line["is_cut"] else ""
        click.echo(f"{line['at'] or '-'}  {plain(line['text'])}{cut}")
    if text := GAPS.get(log["gap"]):
        say(text)
    if not log["is_whole"]:
        say("There are more lines. Use --minutes or --text, or raise --lines.")
