"""Commands on many repositories: start a batch, show it until it ends, and tell by the exit status how much was done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import click

from app.client.api import Api, Json, RequestRefused, ServiceRef
from app.client.exit_codes import Exit, of_batch
from app.client.find import find_service
from app.client.poll import watch_batch
from app.commands.options import json_option, not_empty, region_option, served, server_options, show_json, tell, told
from app.commands.terminal import plain, say, show_table, without_escapes
from app.commands.watch import Following, tell_role_left_on
from app.operations.state import Kind

# Items that are listed one by one on a terminal; the JSON has all of them.
MOST_LISTED = 50
PAGE = 500
FILE = "--file"
LONGEST_FILE = 4 * 1024 * 1024
NO_ITEMS: Json = {"total": 0, "done": 0, "counts": {}, "items": []}


def read_names(file: str) -> list[str]:
    """Return the repositories that a file names, one a line; empty lines and those after `#` count for nothing.

    `-` is standard input. Raises click.BadParameter: it can't be read, or isn't a list of names.
    """
    try:
        with click.open_file(file, "rb") as content:
            text = content.read(LONGEST_FILE + 1)
    except (OSError, AttributeError) as error:  # click finds no buffer where standard input is closed
        raise click.BadParameter(f"“{file}”: {getattr(error, 'strerror', 'it is closed')}.", param_hint=FILE) from error
    if len(text) > LONGEST_FILE:
        raise click.BadParameter(f"“{file}” is too long for a list of repositories.", param_hint=FILE)
    try:
        lines = text.decode("utf-8-sig").splitlines()
    except ValueError as error:
        raise click.BadParameter(
            f"“{file}” isn't text in UTF-8, with one repository per line.", param_hint=FILE
        ) from error
    return [name for line in lines if (name := line.partition("#")[0].strip())]


def request_of(action: str, services: Sequence[ServiceRef], repositories: Sequence[str], match: str) -> Json:
    """Return the body that requests a batch."""
    what: Json = {"match": match} if match else {"repositories": list(dict.fromkeys(repositories))}
    return {"action": action, "services": [{"region": at.region, "name": at.service} for at in services], **what}


def run_batch(api: Api, request: Json, how: Following, *, preview: bool) -> Exit:
    """Start a batch and follow it, or show what it would do: the exit status of the command."""
    regions = tuple(dict.fromkeys(service["region"] for service in request["services"]))
    if preview or "match" in request:
        api.transport.read(regions, policies=True)
    if preview:
        _show_preview(api.preview_batch(request), as_json=how.as_json)
        return Exit.DONE
    return follow_or_leave(api, api.start_batch(request), how)


def follow_or_leave(api: Api, batch: Json, how: Following) -> Exit:
    """Follow a batch to its end, or print its id: the exit status of the command."""
    if how.wait:
        return follow_batch(api, batch, how)
    _leave(api, batch, how)
    return Exit.DONE


def follow_batch(api: Api, batch: Json, how: Following) -> Exit:
    """Follow a batch to its end: the exit status of the command."""
    newest = _watch(api, batch, how)
    failed = [*_items(api, batch["id"], "failed"), *_items(api, batch["id"], "interrupted")]
    if how.as_json:
        show_json({**newest, "items": list(_items(api, batch["id"], ""))})
    else:
        _tell_end(newest, failed)
    if newest["ended_at"] is None:
        say(f"The batch continues; see “sailpass status {batch['id']}”.")
    return of_batch(newest)


@click.command()
@click.argument("service", required=False, default="")
@click.argument("repositories", nargs=-1, metavar="[REPOSITORY]...", callback=not_empty)
@click.option("--all", "everything", is_flag=True, help="Repair all access known to need it, for every service.")
@click.option("--match", default="", metavar="PATTERN", help="Repositories whose name matches; * matches any text.")
@region_option
@click.option("--wait/--no-wait", default=True, help="Show progress until it ends (default), or print its ID and exit.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait at most this long.")
@click.option("--preview", is_flag=True, help="Show what would change and what would be refused; change nothing.")
@json_option
@server_options
def repair(
    *,
    service: str,
    repositories: tuple[str, ...],
    everything: bool,
    match: str,
    region: str,
    wait: bool,
    timeout: float | None,
    preview: bool,
    as_json: bool,
    **server: Any,
) -> None:
    """Repair SERVICE's access to each REPOSITORY, or all access that needs repair.

    Gives access to the role that the service has now, and removes its former roles, which can't pull.

    Exit status: as for grant; 0 if nothing needs repair. With --all, 1 if that isn't known, because something
    couldn't be read.
    """
    if bool(service) == everything or (service and bool(repositories) == bool(match)):
        raise click.UsageError("Name a SERVICE and repositories (or --match), or give --all.")
    with told(as_json=as_json), served(**server, works=not preview) as api:
        how = Following(wait, timeout, as_json)
        if everything:
            status = _repair_all(api, region, how, preview=preview)
        else:
            request = request_of("repair", [ServiceRef.of(find_service(api, service, region))], repositories, match)
            status = run_batch(api, request, how, preview=preview)
    sys.exit(status)


def _repair_all(api: Api, region: str, how: Following, *, preview: bool) -> Exit:
    """Repair all access that findings are about: the exit status of the command."""
    for policies in (False, True):
        api.transport.read((region,) if region else (), policies=policies)
    if preview:
        shown = api.preview_repair_all(region)
        _show_preview(shown, as_json=how.as_json)
        if not how.as_json:
            _show_left(shown)
        return Exit.DONE
    nothing = partial(_nothing_to_repair, api, region, how)
    return start_and_follow(api, partial(api.repair_all, region), how, {"batch.nothing_to_repair": nothing})


def _nothing_to_repair(api: Api, region: str, how: Following) -> Exit:
    """Say that nothing needs repair, or what kept a part from being read: only a whole reading can show it."""
    coverage = api.preview_repair_all(region)["coverage"]
    # Whether an image exists, which isn't always known, is about no repair.
    whole = not any(coverage[part] for part in ("problems", "unread", "outdated", "due", "never_read"))
    if how.as_json:
        show_json({**NO_ITEMS, "coverage": coverage})
    elif whole:
        click.echo("Nothing to repair.")
    else:
        say("No access to repair was found, but not everything has been read.")
        for problem in coverage["problems"] or ({"message": "Try again in a moment."},):
            tell(problem)
    return Exit.DONE if whole else Exit.FAILED


def _show_left(shown: Json) -> None:
    """List what the batch does not repair, with what to do about each."""
    for finding in shown["left"][:MOST_LISTED]:
        subject = finding["repository"] or finding["service"]
        click.echo(plain(f"Not repaired: {subject}: {finding['what']} {finding['todo']}"))
    if shown["left_count"] > MOST_LISTED:
        click.echo(f"and {shown['left_count'] - MOST_LISTED} more findings that aren't repaired")
    if not shown["coverage"]["whole"]:
        say("Not everything has been checked yet. See “sailpass status” or the Findings page.")


def start_and_follow(
    api: Api, start: Callable[[], Json], how: Following, otherwise: Mapping[str, Callable[[], Exit]]
) -> Exit:
    """Start a batch and follow it: the exit status of the command.

    `otherwise` says what to do instead where the server refuses it with one of these codes.
    """
    try:
        batch = start()
    except RequestRefused as refused:
        if refused.code not in otherwise:
            raise
        return otherwise[refused.code]()
    return follow_or_leave(api, batch, how)


def _watch(api: Api, batch: Json, how: Following) -> Json:
    """Show how far it is until it ends, or until somebody has seen enough; how it stood then."""
    live = sys.stderr.isatty() and not how.as_json and not without_escapes()
    if not how.as_json:
        click.echo(plain(f"{batch['action']}: {batch['total']} repositories (batch {batch['id']})"))
    newest = batch
    try:
        for newest in watch_batch(api, batch, how.seconds):
            if live:
                click.echo(f"\r  {newest['done']} of {newest['total']} done", err=True, nl=False)
    except KeyboardInterrupt:
        pass
    if live:
        click.echo(err=True)
    return newest


def _items(api: Api, batch_id: str, state: str) -> Iterable[Json]:
    after: int | None = 0
    while after is not None:
        page = api.batch(batch_id, state=state or None, after=after, limit=PAGE)
        yield from page["items"]
        after = page["next"]


def _leave(api: Api, batch: Json, how: Following) -> None:
    if how.as_json:
        show_json(batch)
    else:
        click.echo(batch["id"])
    if api.transport.is_local:
        say("The batch continues as soon as a server is started, or another command works.")


def _tell_end(batch: Json, failed: Sequence[Json]) -> None:
    for service in batch["services"]:
        if service["problem"] and service["problem"]["code"] != "batch.items_failed":
            tell(service["problem"])
    for item in failed[:MOST_LISTED]:
        why = item["problem"]["message"] if item["problem"] else item["state"]
        click.echo(plain(f"  {item['repository']} ({item['service']}): {why}"), err=True)
    if len(failed) > MOST_LISTED:
        click.echo(f"  and {len(failed) - MOST_LISTED} more", err=True)
    counts = ", ".join(f"{number} {WORDS.get(state, state)}" for state, number in sorted(batch["counts"].items()))
    click.echo(f"{batch['done']} of {batch['total']} done: {counts}")
    left_on = batch.get("roles_left_on", ()) if batch["action"] == Kind.UNDO else ()  # not told by earlier servers
    for service in left_on:
        tell_role_left_on(service)


WORDS = {"nothing_to_do": "had nothing to do"}


def _show_preview(shown: Json, *, as_json: bool) -> None:
    if as_json:
        show_json(shown)
        return
    rows = [(item["repository"], item["service"], item["state"], _why(item)) for item in shown["items"]]
    show_table(("REPOSITORY", "SERVICE", "POLICY", "WHY"), rows)
    for service in shown["activates"]:
        click.echo(plain(f"The image puller role of {service} is activated first."))
    click.echo(
        f"{shown['changes']} policies change, {shown['unchanged']} stay, {shown['refused']} would be refused, "
        f"{shown['unread']} have not been read."
    )


def _why(item: Json) -> str:
    return item["problem"]["message"] if item["problem"] else ""
