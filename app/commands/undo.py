"""`sailpass undo`: takes back what an operation or a batch changed, as Undo and Undo all in the browser do."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import click

from app.client.exit_codes import Exit
from app.commands.batch import NO_ITEMS, start_and_follow
from app.commands.options import OPERATION_ID, json_option, served, server_options, show_json, told
from app.commands.watch import Following, follow
from app.operations.state import Kind

UNDONE = "Nothing to undo: every change of this batch is undone already."


@click.command()
@click.argument("id_", metavar="OPERATION|BATCH")
@click.option("--wait/--no-wait", default=True, help="Show progress until it ends (default), or print its ID and exit.")
@click.option("--timeout", type=click.FloatRange(min=0), metavar="SECONDS", help="Wait at most this long.")
@json_option
@server_options
def undo(id_: str, *, wait: bool, timeout: float | None, as_json: bool, **server: Any) -> None:
    """Undo what OPERATION or BATCH changed. What others changed since is kept.

    Their IDs are those that grant, revoke and repair print, and that history lists. The image puller role stays active
    where it was activated too; undoing a deactivation activates it again.

    Exit status: as for grant, and 0 for a batch that is undone already; 2 if it is still running, or changed nothing.
    """
    id_ = id_.lower()
    if not OPERATION_ID.fullmatch(id_):
        raise click.BadParameter(
            f"“{id_}” isn't the ID of one. “sailpass history” lists them.", param_hint="OPERATION|BATCH"
        )
    with told(as_json=as_json), served(**server, needs_region=False) as api:
        how = Following(wait, timeout, as_json)
        undone = api.operation(id_)
        if undone["kind"] == Kind.BATCH:
            start = partial(api.undo_batch, undone["batch"])
            status = start_and_follow(api, start, how, {"batch.undone": partial(_undone_already, as_json=as_json)})
        else:
            status = follow(api, api.undo(id_), how)
    sys.exit(status)


def _undone_already(*, as_json: bool) -> Exit:
    if as_json:
        show_json(NO_ITEMS)
    else:
        click.echo(UNDONE)
    return Exit.DONE
