"""Shows an operation until it ends, and its result. Ctrl-C stops watching, not the operation."""

from __future__ import annotations

from dataclasses import dataclass

import click

from app.client.api import Api, Json
from app.client.exit_codes import Exit, of_operation
from app.client.poll import watch
from app.commands.options import show_json, tell
from app.commands.terminal import Steps, plain, say


@dataclass(frozen=True)
class Following:
    """How to follow an operation: to its end or not, `seconds` at most (None: no limit), with which output."""

    wait: bool = True
    seconds: float | None = None
    as_json: bool = False


def follow(api: Api, operation: Json, how: Following) -> Exit:
    """Follow an operation and return the command's exit status."""
    if not how.wait:
        return _leave(api, operation, how)
    newest = _watch(api, operation, how)
    if newest["outcome"] is not None:
        return _tell_end(newest, how)
    if how.as_json:
        show_json(newest)
    say(f"The operation continues{_where(api)}; see “sailpass status {newest['id']}”.")
    return Exit.STILL_RUNNING


def _watch(api: Api, operation: Json, how: Following) -> Json:
    """Show it until it ends, or until the limit or Ctrl-C; return its last state."""
    steps = None if how.as_json else Steps()
    if steps:
        click.echo(plain(f"{operation['title']} in {operation['region']} (operation {operation['id']})"))
    newest = operation
    try:
        for newest in watch(api, operation, how.seconds):
            if steps:
                steps.show(newest)
    except KeyboardInterrupt:
        click.echo(err=True)
    return newest


def _leave(api: Api, operation: Json, how: Following) -> Exit:
    if how.as_json:
        show_json(operation)
    else:
        click.echo(operation["id"])
    if api.transport.is_local:
        say(f"The operation continues{_where(api)}.")
    return Exit.DONE


def _where(api: Api) -> str:
    return " as soon as a server is started, or another command works" if api.transport.is_local else ""


def _tell_end(operation: Json, how: Following) -> Exit:
    if how.as_json:
        show_json(operation)
        return of_operation(operation)
    if operation["problem"]:
        tell(operation["problem"])
    click.echo(plain(operation["ending"]))
    if operation.get("role_left_on"):  # a detail: not in the answer to the request itself
        service = f"{operation['region']}/{operation['service']}"
        tell_role_left_on(service)
    if operation["image_uri"] and of_operation(operation) is Exit.DONE:
        tag = "" if operation["kind"] == "deploy" else ":<tag>"
        click.echo(plain(f"Image: {operation['image_uri']}{tag}"))
    return of_operation(operation)


def tell_role_left_on(service: str) -> None:
    """Print that an undo left a role active; `service` is its Region and name, as `region/name`."""
    click.echo(plain(f"The image puller role of {service}, activated by what was undone, is still active."))
